"""Services that every process uses: errors, health, metrics, logs, the clock and formatting.

Nothing here knows Kafka or ClickHouse.
"""
