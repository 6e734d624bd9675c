"""The embedded stack: a broker and ClickHouse as child processes on loopback, and the demo on top.

Production connects to servers of its own, through `agents/kafka` and `agents/clickhouse`.
"""
