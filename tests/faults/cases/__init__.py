"""The cases, by what they hurt."""

from tests.faults.cases import brokers, events, tables, workers

__all__ = ["brokers", "events", "tables", "workers"]
