"""Clients for ClickHouse: connections, migrations, rows and bound parameters.

Table definitions are in `schemas/clickhouse`; inserting is in `agents/sink`.
"""
