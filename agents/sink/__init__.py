"""The sink: consumes topics, inserts rows into ClickHouse, commits offsets.

Tables are in `schemas/clickhouse`, the client in `agents/clickhouse`.
"""
