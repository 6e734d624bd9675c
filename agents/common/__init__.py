"""Small services every process uses: errors, health, metrics, logs, time and formatting.

Nothing here knows Kafka or ClickHouse.
"""
