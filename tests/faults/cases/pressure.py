"""More than can be done, and the same for long: memory must not grow with either."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from math import inf

from streams.config.model import PolicyConfig
from tests.faults.case import case
from tests.faults.field import Field
from tests.faults.recording import MESSAGES, Event, Recording

MB = 1_000_000
LOOK_S = 1.0
#: Events a second that one worker and the sink keep up with on two cores beside three brokers and the load itself.
SUSTAINABLE = float(os.environ.get("FAULTS_SUSTAINABLE", "800"))
PRESSURE_S = float(os.environ.get("FAULTS_PRESSURE_S", "120"))
SOAK_S = float(os.environ.get("FAULTS_SOAK_S", "3600"))
BOUND_MB = 700
#: Growth that is noise within a quarter of an hour and a leak within a day would be more than this, MB an hour.
FLAT_MB_H = 30.0
#: And of the lag, records an hour: two seconds of the load. A thousandth that is not kept up with would be more.
LEVEL_LAG_H = SUSTAINABLE
WARM_UP_S = 60.0
#: Where snapshots are made: the learner holds what it has not learned yet, which without them is everything. And what
#: it remembers of what it has learned, it forgets within the case: a quarter of an hour of event time is a minute here.
LEARNING = (("policy", PolicyConfig(remembered_s=900.0)),)


class Samples:
    """Resident memory of processes and the lag of the workers, looked at every second."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self.times: list[float] = []
        self.memory: dict[str, list[float]] = {}
        self.lags: list[int] = []

    def take(self) -> None:
        self.times.append(time.monotonic())
        for name in list(self._field.crew):
            self.memory.setdefault(name, []).append(self._field.rss(name) / MB)
        self.lags.append(self._field.lag())

    def highest(self) -> dict[str, float]:
        return {name: max(found) for name, found in self.memory.items()}

    def slope(self, name: str, after_s: float) -> float:
        """MB an hour by least squares, the first seconds left out."""
        points = [(at, mb) for at, mb in zip(self.times, self.memory[name], strict=True)]
        return slope([one for one in points if one[0] > self.times[0] + after_s]) * 3600

    def lag_slope(self, after_s: float) -> float:
        """Records an hour."""
        points = list(zip(self.times, map(float, self.lags), strict=True))
        return slope([one for one in points if one[0] > self.times[0] + after_s]) * 3600


def slope(points: list[tuple[float, float]]) -> float:
    """By least squares."""
    mean_x, mean_y = (sum(one[i] for one in points) / len(points) for i in (0, 1))
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


@contextmanager
def watched(field: Field) -> Iterator[Samples]:
    samples, ended = Samples(field), threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_S):
            samples.take()

    thread = threading.Thread(target=watch, name="watch", daemon=True)
    thread.start()
    yield samples
    ended.set()
    thread.join()


def pressed(field: Field, seconds: float) -> None:
    """Ten times as much as can be done, events made beforehand: making them costs more than sending them."""
    made = list(islice(Recording(int(time.time() * 1000) - 3_600_000, MESSAGES, slots=2_000), 24_000))
    pids = {name: child.pid for name, child in field.crew.items()}
    with watched(field) as samples:
        sent = flood(field, cycle(made), 10 * SUSTAINABLE, seconds)
        field.note(f"{sent:,} events in {seconds:g} s")
        field.seconds_to_pass(patience_s=3600)
    assert {name: child.pid for name, child in field.crew.items()} == pids, "a process did not stay up"
    highest = samples.highest()
    told = ", ".join(f"{name} {mb:.0f} MB" for name, mb in sorted(highest.items()))
    field.notes.append(f"most memory: {told}; longest lag {max(samples.lags):,} records")
    assert max(highest.values()) < BOUND_MB, told


def flood(field: Field, events: Iterator[Event], rate: float, seconds: float) -> int:
    began, sent = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        while sent < passed * rate:
            field.load.produce(next(events))
            sent += 1
        time.sleep(0.01)
    return sent


@case(
    "ten times the sustainable rate",
    8,
    rate=10,
    compare=False,
    settings=LEARNING,
    crew=("worker-1", "sink", "learner"),
)
def pressure(field: Field) -> None:
    pressed(field, PRESSURE_S)


def soaked(field: Field, seconds: float, warm_up_s: float, most_mb_h: float, most_lag_h: float) -> None:
    with watched(field) as samples:
        field.sleep(seconds)
    slopes = {name: samples.slope(name, warm_up_s) for name in samples.memory}
    told = ", ".join(f"{name} {samples.memory[name][-1]:.0f} MB {mb:+.1f} MB/h" for name, mb in sorted(slopes.items()))
    lag_slope = samples.lag_slope(warm_up_s)
    field.notes.append(f"{told}; lag {max(samples.lags):,} at most, {lag_slope:+.0f} records/h")
    field.faults[f"none, {seconds:g} s"] += 1
    field.ended()
    assert max(slopes.values()) < most_mb_h and lag_slope < most_lag_h, field.notes[-1]


def steadily(start_ms: int) -> Recording:
    """Event time goes by fifteen times as fast as the clock, whatever the rate: what is kept of a conversation until it
    has been silent for its half an hour is as much after three minutes as after an hour.
    """
    return Recording(start_ms, slots=round(SUSTAINABLE))


@case(
    "a soak at half the sustainable rate",
    9,
    rate=SUSTAINABLE / 2,
    compare=False,
    settings=LEARNING,
    recording=steadily,
)
def soak(field: Field) -> None:
    soaked(field, SOAK_S, min(SOAK_S / 2, 600.0), FLAT_MB_H, LEVEL_LAG_H)


@case(
    "a soak at half the sustainable rate, a minute",
    9,
    rate=SUSTAINABLE / 2,
    smoke=True,
    compare=False,
    settings=LEARNING,
    recording=steadily,
)
def short_soak(field: Field) -> None:
    """Too short for a slope to say anything: it is told, not judged."""
    soaked(field, WARM_UP_S, 20.0, inf, inf)
