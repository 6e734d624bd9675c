"""A simulated support day: customers with a hidden frustration, for demos, tests and benchmarks.

Replaying it onto the bus is in `agents/recordings`.

The simulator shows how Tenor works, not how well: its customers write from templates and show frustration more plainly
than the people in the public data sets, on which the accuracy is measured.
"""

from agents.simulator.day import CONVERSATIONS, DAY, simulate

__all__ = ["CONVERSATIONS", "DAY", "simulate"]
