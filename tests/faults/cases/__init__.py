"""The cases, by what they hurt."""

from tests.faults.cases import workers

__all__ = ["workers"]
