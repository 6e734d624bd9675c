"""Topics into ClickHouse: consume, insert, commit.

Table definitions are in `schemas/clickhouse`, the client in `agents/clickhouse`.
"""
