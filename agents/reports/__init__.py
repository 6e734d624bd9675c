"""Questions to ClickHouse and their answers as text: report, effects, one conversation, one customer, export.

The SQL views are in `schemas/clickhouse`.
"""
