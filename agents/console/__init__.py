"""The console: a web page for team leads that reads ClickHouse.

Delivering alerts to other places is in `agents/alerting`.
"""
