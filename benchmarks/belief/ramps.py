"""How soon rising frustration raises the alarm, at equal false alarms.

    python -m benchmarks.belief.ramps [conversations]

Simulated conversations of 34 observations. Gaps are log-normal around a mean of 60 s (sd .6 of the logarithm). Each
observation comes from one of three channels of sd .18, .22 and .5, with equal chances, and is normal around the
level plus the customer's own offset (sd .04). 4 % are spikes: .5 to 1 too high. A quiet conversation stays at 0. A
ramp begins at the 16th observation and rises by .06, .12 or .25 a minute up to .8.

Thresholds are set on one seed's quiet conversations so that 20 of 1,000 raise; false alarms and delays are measured on
another's. Delay: observations from the ramp's first to the alarm, both counted; a ramp never noticed counts as what was
left of it, one noticed before its begin is left out. Intervals: 95 %, bootstrap over ramps.

These parameters were searched so that the plain detectors come out near what was measured before (turns at the three
slopes): last score 17.9/16.3/15.6, EWMA 10.5/7.2/5.4, Kalman level 10.0/6.6/4.9, CUSUM 9.6/6.6/4.7.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from streams.belief import estimator
from streams.belief.estimator import Observation
from streams.config.model import BeliefConfig

CONVERSATIONS = 4_000
LENGTH, ONSET = 34, 15
GAP_S, GAP_SD = 60.0, 0.6
CHANNELS = {"text": 0.18, "navigation": 0.22, "typing": 0.5}
OFFSET_SD = 0.04
SPIKES, SPIKE = 0.04, (0.5, 1.0)
SLOPES, MOST = (0.06, 0.12, 0.25), 0.8
QUIET_ALLOWED = 0.02
SHIPPED = BeliefConfig()
TITLE = "False alarms of 1,000, and turns until the alarm at each slope"
NEVER_RAISED = replace(SHIPPED, threshold=1e6, ceiling=1e9)

Talk = list[tuple[int, Observation]]
Track = Callable[[Talk], Iterator[float]]


class Draw(NamedTuple):
    """Conversations as arrays, one row each: minutes since the first observation, channel sds, values."""

    minutes: np.ndarray
    sds: np.ndarray
    values: np.ndarray


def draw(rng: np.random.Generator, number: int, slope: float) -> Draw:
    shape = (number, LENGTH)
    minutes = np.cumsum(GAP_S / 60 * rng.lognormal(-(GAP_SD**2) / 2, GAP_SD, shape), axis=1)
    sds = rng.choice(list(CHANNELS.values()), shape)
    ramp = np.clip((minutes - minutes[:, ONSET - 1 : ONSET]) * slope, 0.0, MOST)
    spikes = (rng.random(shape) < SPIKES) * rng.uniform(*SPIKE, shape)
    return Draw(minutes, sds, rng.normal(0, OFFSET_SD, (number, 1)) + ramp + rng.normal(0, sds) + spikes)


def talks(drawn: Draw) -> list[Talk]:
    """The conversations as the belief sees them."""
    name_of = {sd: f"{name}.reading" for name, sd in CHANNELS.items()}
    return [
        [
            (round(minute * 60_000), Observation(value, sd, {name_of[sd]: value}))
            for minute, sd, value in zip(*row, strict=True)
        ]
        for row in zip(*(part.tolist() for part in drawn), strict=True)
    ]


def last_score(talk: Talk) -> Iterator[float]:
    return (seen.value for _, seen in talk)


def ewma(talk: Talk) -> Iterator[float]:
    mean = 0.0
    for _, seen in talk:
        mean += 0.15 * (seen.value - mean)
        yield mean


def kalman_level(talk: Talk) -> Iterator[float]:
    """Our level, were it the alarm."""
    level, variance, before = 0.0, SHIPPED.prior_sd**2, 0
    for at, seen in talk:
        predicted = min(variance + SHIPPED.drift * (at - before) / 1000, SHIPPED.max_sd**2)
        level, variance = estimator.filter_level(level, max(variance, predicted), seen, SHIPPED)
        before = at
        yield level


def beliefs(talk: Talk, config: BeliefConfig) -> Iterator[estimator.Belief]:
    state = estimator.initial_belief(0, config)
    for at, seen in talk:
        state = estimator.update(state, seen, at, config)
        yield state


def alarm(config: BeliefConfig) -> Track:
    """The alarm as shipped, with any threshold."""
    return lambda talk: (state.alarm for state in beliefs(talk, config))


TRACKS: dict[str, Track] = {
    "last score": last_score,
    "EWMA, .15": ewma,
    "Kalman level": kalman_level,
    "CUSUM, shift .3": alarm(replace(NEVER_RAISED, shift=0.3, shift_most=0.3)),
    "CUSUM, shift .5": alarm(replace(NEVER_RAISED, shift=0.5, shift_most=0.5)),
    "our alarm": alarm(NEVER_RAISED),
}


def threshold(highest: Sequence[float]) -> float:
    """What 20 of 1,000 quiet conversations exceed."""
    return float(np.quantile(highest, 1 - QUIET_ALLOWED, method="inverted_cdf"))


def first_above(track: Track, level: float, talk: Talk) -> int:
    """Place of the first value above a threshold, from 0; ``LENGTH`` for never."""
    return next((place for place, value in enumerate(track(talk)) if value > level), LENGTH)


def first_raised(config: BeliefConfig, talk: Talk) -> int:
    return next((place for place, state in enumerate(beliefs(talk, config)) if state.raised), LENGTH)


def delays(places: Sequence[int]) -> np.ndarray:
    """Delays of the ramps that were not raised before they began."""
    seen = np.array([place for place in places if place >= ONSET])
    return np.where(seen == LENGTH, LENGTH - ONSET, seen - ONSET + 1)


def interval(found: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    means = rng.choice(found, (1000, len(found))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def cell(places: Sequence[int]) -> str:
    found = delays(places)
    low, high = interval(found, np.random.default_rng(0))
    return f"{found.mean():.1f} ±{(high - low) / 2:.1f}"


def microseconds(work: Callable[[Talk], object], some: Sequence[Talk]) -> float:
    """Cost of one update: the fastest of five passes."""

    def once() -> float:
        started = time.perf_counter()
        for talk in some:
            work(talk)
        return (time.perf_counter() - started) / (len(some) * LENGTH) * 1e6

    return min(once() for _ in range(5))


def false_alarms(places: Sequence[int]) -> str:
    return f"{1000 * sum(place < LENGTH for place in places) / len(places):.0f}"


def waiting_threshold(config: BeliefConfig, quiet: Sequence[Talk]) -> float:
    """The threshold at which a belief that defers raises in 20 of 1,000 quiet conversations; by bisection."""
    low, high = 1.0, 12.0
    for _ in range(10):
        middle = (low + high) / 2
        raised = sum(first_raised(replace(config, threshold=middle, clear=0.5), talk) < LENGTH for talk in quiet)
        low, high = (middle, high) if raised > QUIET_ALLOWED * len(quiet) else (low, middle)
    return high


def main(conversations: int) -> None:
    chosen_on, rng = np.random.default_rng(1), np.random.default_rng(2)
    chosen = talks(draw(chosen_on, 2 * conversations, 0.0))
    quiet = talks(draw(rng, 2 * conversations, 0.0))
    ramps = [talks(draw(rng, conversations, slope)) for slope in SLOPES]
    table = Table("detector", "threshold", "false", *(f"{slope}/min" for slope in SLOPES), "µs", title=TITLE, box=None)
    for column in table.columns:
        column.no_wrap = True
    for name, track in TRACKS.items():
        level = threshold([max(track(talk)) for talk in chosen])
        told = [false_alarms([first_above(track, level, talk) for talk in quiet])]
        told += [cell([first_above(track, level, talk) for talk in ramp]) for ramp in ramps]
        table.add_row(name, f"{level:.2f}", *told, f"{microseconds(lambda t, of=track: list(of(t)), quiet[:500]):.2f}")
    table.add_section()
    for name, config in waiting(chosen):
        told = [false_alarms([first_raised(config, talk) for talk in quiet])]
        told += [cell([first_raised(config, talk) for talk in ramp]) for ramp in ramps]
        table.add_row(name, f"{config.threshold:.2f}", *told, "")
    Console().print(table)


def waiting(quiet: Sequence[Talk]) -> Iterator[tuple[str, BeliefConfig]]:
    """The settings to compare: as shipped, and deferring, at the shipped threshold and at equal false alarms."""
    yield "raised, as shipped", SHIPPED
    for defer in (1, 2, 3):
        config = replace(SHIPPED, defer=defer)
        yield f"deferring {defer}, same", config
        yield f"deferring {defer}, equal", replace(config, threshold=waiting_threshold(config, quiet))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CONVERSATIONS)
