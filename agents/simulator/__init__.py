"""A simulated support day: customers with a hidden frustration, for demos, tests and benchmarks.

It shows how Tenor works, not how well: its customers write by templates and show frustration more plainly than the
people of the public data sets. How well frustration is recognised is measured on those.
"""

from agents.simulator.day import CONVERSATIONS, DAY, simulate

__all__ = ["CONVERSATIONS", "DAY", "simulate"]
