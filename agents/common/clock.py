"""The wall clock, in the unit of every timestamp on the bus."""

import time


def now_ms() -> int:
    """The current time, milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
