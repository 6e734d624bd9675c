"""Typing: rhythm against the person's own, never which keys.

Features of a burst:
    typing.dwell_ms         median time a key is held, milliseconds.
    typing.flight_ms        median time between presses within the burst, pauses left out, milliseconds.
    typing.pause_share      share of gaps longer than 1 second, 0 to 1.
    typing.backspace_rate   backspaces per key, 0 to 1.

Weak alone (52 persons: chance): SignalConfig.typing_sd is wide, and it never moves the belief by itself.
"""

from collections.abc import Mapping
from itertools import pairwise
from statistics import median

from streams.belief import Observation
from streams.signals import Extract, unknown
from streams.signals.baseline import deviation, learn
from streams.state import Baseline

FEATURES = ("typing.dwell_ms", "typing.flight_ms", "typing.pause_share", "typing.backspace_rate")
LEAST_KEYS = 5
PAUSE_MS = 1000.0
LONGEST_DWELL_MS = 2000.0
# Feature: weight of its deviation, and the least standard deviation a person is taken to have.
WEIGHTS = {
    "typing.dwell_ms": (-0.05, 8.0),
    "typing.flight_ms": (-0.05, 20.0),
    "typing.pause_share": (0.05, 0.05),
    "typing.backspace_rate": (0.1, 0.04),
}


def extract(keys: list[str], pressed_ms: list[float], dwell_ms: list[float | None]) -> Extract:
    """Read a burst. Arrays as in the contract: one entry a key, presses ascending."""
    if len(keys) < LEAST_KEYS:
        return unknown("too_few_keys", *FEATURES)
    gaps = [later - earlier for earlier, later in pairwise(pressed_ms)]
    if min(gaps) < 0:
        return unknown("not_ascending", *FEATURES)
    dwells = [held for held in dwell_ms if held is not None and 0 < held <= LONGEST_DWELL_MS]
    flights = [gap for gap in gaps if gap <= PAUSE_MS]
    features = {
        "typing.dwell_ms": median(dwells) if dwells else None,
        "typing.flight_ms": median(flights) if flights else None,
        "typing.pause_share": 1 - len(flights) / len(gaps),
        "typing.backspace_rate": keys.count("backspace") / len(keys),
    }
    return Extract(features, [], {name: "not_observed" for name, value in features.items() if value is None})


def observe(
    features: Mapping[str, float | None], baselines: Mapping[str, Baseline], sd: float
) -> tuple[Observation | None, dict[str, Baseline]]:
    """What the burst says against the person's own rhythm, and the baselines that learned it."""
    learned, parts = dict(baselines), {}
    for name, (weight, least_sd) in WEIGHTS.items():
        value = features.get(name)
        if value is None:
            continue
        z = deviation(baselines.get(name), value, least_sd)
        if z is not None:
            parts[name] = weight * z
        learned[name] = learn(baselines.get(name), value)
    observation = Observation(sum(parts.values()), sd, parts) if parts else None
    return observation, learned


def forget(baselines: Mapping[str, Baseline]) -> dict[str, Baseline]:
    """The baselines without anything learned from typing."""
    return {name: value for name, value in baselines.items() if not name.startswith("typing.")}
