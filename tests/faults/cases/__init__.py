"""The cases, by what they hurt."""

from tests.faults.cases import brokers, events, pressure, tables, workers

__all__ = ["brokers", "events", "pressure", "tables", "workers"]
