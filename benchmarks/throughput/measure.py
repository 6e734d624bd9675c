"""Rates between two commits: what was done, in how much time, for how much CPU.

A commit tells what is done for good at that moment. Rates are taken from the first commit after the warm-up to the last
one before the end: between them the contender never waits, neither for records nor for its next commit.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from agents.embedded.process import ChildProcess
from benchmarks.throughput import resources

POLL_S = 0.01
STALLED_S = 60.0


class Moment(NamedTuple):
    """What was done by a moment: events, wall and CPU time in seconds."""

    events: int
    at: float
    cpu_s: float


class Rate(NamedTuple):
    """One measurement.

    Attributes:
        events: within the measured time.
        wall_s: measured time, seconds.
        cpu_s: CPU time of the contender's processes in it, seconds.
        rss: largest resident size of those processes together, bytes.
    """

    events: int
    wall_s: float
    cpu_s: float
    rss: int

    @property
    def per_second(self) -> float:
        return self.events / self.wall_s

    @property
    def per_cpu_second(self) -> float:
        return self.events / self.cpu_s


def follow(progress: Callable[[], int], total: int, warm_up: int, child: ChildProcess, limit_s: float) -> Rate:
    """Watch one process until all is done, or for ``limit_s`` after the warm-up. TimeoutError when it stops."""
    moments: list[Moment] = []
    events, heard = 0, time.monotonic()
    while not over(moments, total, limit_s):
        before, events = events, progress()
        if events > before:
            heard = time.monotonic()
            if events >= warm_up:
                moments.append(Moment(events, heard, resources.cpu_s(child.pid)))
        if not child.alive or time.monotonic() - heard > STALLED_S:
            raise TimeoutError(f"{child.name} stopped at {events} of {total} records\n{child.log_tail()}")
        time.sleep(POLL_S)
    return between(moments, total, resources.peak_rss(child.pid))


def over(moments: Sequence[Moment], total: int, limit_s: float) -> bool:
    return bool(moments) and (moments[-1].events >= total or moments[-1].at - moments[0].at >= limit_s)


def between(moments: Sequence[Moment], total: int, rss: int) -> Rate:
    """The rate of the steady part: the commit of the last record comes late, so it ends nothing."""
    steady = [one for one in moments if one.events < total]
    if len(steady) < 2:
        raise ValueError("done too soon to tell a rate: give it more records")
    first, last = steady[0], steady[-1]
    return Rate(last.events - first.events, last.at - first.at, last.cpu_s - first.cpu_s, rss)
