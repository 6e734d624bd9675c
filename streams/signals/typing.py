"""Typing: rhythm against the person's own, never which keys.

Features of a burst:
    typing.dwell_ms         median time a key is held, milliseconds.
    typing.flight_ms        median time between presses within the burst, pauses left out, milliseconds.
    typing.speed            keys per second, pauses left out.
    typing.pause_share      share of gaps longer than 1 second, 0 to 1.
    typing.pause_ms         median length of those gaps, milliseconds; carried, not weighed.
    typing.backspace_rate   backspaces per key, 0 to 1.
Reasons of a null: no_consent, too_few_keys, lengths_differ, not_finite, out_of_range (before the burst began, or
hours after), not_ascending, too_fast (no person types so: a paste, a script), not_observed (key never seen
released, no gap without a pause), no_pause.

Reliability: SignalConfig.typing_sd, and no more of the alarm than SignalConfig.typing_share. Rhythm is at chance:
52 persons, 2,377 tasks (Freihaut and Göritz 2022), deviations from the own baseline weighted as here, AUC within
the person .51 for low valence and .45 for high arousal, standard error .02 (our analysis). Lee et al.
(2015) found arousal in dwell and flight; hence the features. Signs and sizes of the weights are ours.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite
from statistics import median

from streams.belief.estimator import Observation
from streams.signals import Extract, unknown
from streams.signals.baselines import drop_signal, update_baselines
from streams.signals.deviations import weigh_deviations
from streams.state import Baseline

FEATURES = (
    "typing.dwell_ms",
    "typing.flight_ms",
    "typing.speed",
    "typing.pause_share",
    "typing.pause_ms",
    "typing.backspace_rate",
)
LEAST_KEYS = 5
PAUSE_MS = 1000.0
LONGEST_DWELL_MS = 2000.0
LONGEST_BURST_MS = 3_600_000.0
FASTEST = 50.0  # keys per second; champions stay below 25
# Feature: weight of its deviation, and the least standard deviation a person is taken to have. Flight and speed
# say nearly the same, so they share one weight.
WEIGHTS = {
    "typing.dwell_ms": (-0.05, 8.0),
    "typing.flight_ms": (-0.025, 20.0),
    "typing.speed": (0.025, 0.5),
    "typing.pause_share": (0.05, 0.05),
    "typing.backspace_rate": (0.1, 0.04),
}


def extract(keys: Sequence[str], pressed_ms: Sequence[float], dwell_ms: Sequence[float | None]) -> Extract:
    """Read a burst. Arrays as in the contract: one entry a key, presses ascending."""
    reason = find_unreadable_reason(keys, pressed_ms, dwell_ms)
    if reason:
        return unknown(reason, *FEATURES)
    gaps = [later - earlier for earlier, later in pairwise(pressed_ms)]
    flights = [gap for gap in gaps if gap <= PAUSE_MS]
    if sum(flights) * FASTEST < len(flights) * 1000:
        return unknown("too_fast", *FEATURES)
    pauses = [gap for gap in gaps if gap > PAUSE_MS]
    dwells = [held for held in dwell_ms if held is not None and 0 < held <= LONGEST_DWELL_MS]
    features = {
        "typing.dwell_ms": median(dwells) if dwells else None,
        "typing.flight_ms": median(flights) if flights else None,
        "typing.speed": len(flights) / sum(flights) * 1000 if flights else None,
        "typing.pause_share": len(pauses) / len(gaps),
        "typing.pause_ms": median(pauses) if pauses else None,
        "typing.backspace_rate": keys.count("backspace") / len(keys),
    }
    return Extract(features, [], {name: missing_reason(name) for name, value in features.items() if value is None})


def find_unreadable_reason(
    keys: Sequence[str], pressed_ms: Sequence[float], dwell_ms: Sequence[float | None]
) -> str | None:
    """Why a burst is unreadable; None when it is readable."""
    if not len(keys) == len(pressed_ms) == len(dwell_ms):
        return "lengths_differ"
    if len(keys) < LEAST_KEYS:
        return "too_few_keys"
    if not all(map(isfinite, pressed_ms)):
        return "not_finite"
    if any(later < earlier for earlier, later in pairwise(pressed_ms)):
        return "not_ascending"
    return None if pressed_ms[0] >= 0 and pressed_ms[-1] <= LONGEST_BURST_MS else "out_of_range"


def missing_reason(name: str) -> str:
    return "no_pause" if name == "typing.pause_ms" else "not_observed"


def observe(
    features: Mapping[str, float | None], baselines: Mapping[str, Baseline], sd: float, usual_z: float
) -> tuple[Observation | None, dict[str, Baseline]]:
    """An observation of unusual rhythm against the person's own, and the updated baselines.

    The value is at most 0.75: the sum of the weights at three standard deviations each.
    """
    parts = weigh_deviations(features, baselines, WEIGHTS, usual_z)
    observation = Observation(sum(parts.values()), sd, parts) if parts else None
    return observation, update_baselines(features, baselines, WEIGHTS)


def forget(baselines: Mapping[str, Baseline]) -> dict[str, Baseline]:
    """The baselines without those of typing."""
    return drop_signal(baselines, "typing")
