"""Clients for ClickHouse: connections, migrations, tables and bound parameters.

What is stored is decided in `agents/sink`.
"""
