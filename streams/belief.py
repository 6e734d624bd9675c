"""The belief: a level with its uncertainty, and an alarm. The two stay apart.

Level: scalar Kalman filter over irregular time; an observation far outside what is expected counts less.
Alarm: CUSUM over standardised observations, each weighted by its channel's reliability and clipped, so that
no single outlier fires it. Both from simulated ramps with irregular gaps and 4 % spikes; see docs/science.md.
"""

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

from streams.config import BeliefConfig
from streams.state import Belief


class Observation(NamedTuple):
    """What one signal says about frustration.

    Attributes:
        value: on the level's scale; 0 is usual, positive more frustrated.
        sd: standard deviation of that reading.
        parts: share of the value by named signal; sums to ``value``.
    """

    value: float
    sd: float
    parts: Mapping[str, float]


def start(at: int, config: BeliefConfig) -> Belief:
    """The belief before anything was seen."""
    return Belief(0.0, config.prior_sd**2, 0.0, False, at, {}, {})


def update(belief: Belief, observation: Observation, at: int, config: BeliefConfig) -> Belief:
    """The belief after one observation at stream time ``at`` (milliseconds; earlier counts as now)."""
    predicted = grown(belief, at, config)
    level, variance = filtered(belief.level, predicted, observation, config)
    step = alarm_step(observation, config)
    alarm = min(max(0.0, belief.alarm + step), config.ceiling)
    return Belief(
        level=level,
        variance=variance,
        alarm=alarm,
        raised=is_raised(belief.raised, alarm, config),
        at=max(belief.at, at),
        evidence=credit(belief.evidence, observation, step) if alarm > 0.0 else {},
        moved=credit(belief.moved, observation, step),
    )


def grown(belief: Belief, at: int, config: BeliefConfig) -> float:
    """Variance of the level at a later time: silence makes us less sure, up to a limit."""
    elapsed = max(0, at - belief.at) / 1000
    return max(belief.variance, min(belief.variance + config.drift * elapsed, config.max_sd**2))


def filtered(level: float, variance: float, observation: Observation, config: BeliefConfig) -> tuple[float, float]:
    """Level and variance after the observation (Kalman), outliers inflated by (z/gate)²."""
    noise = observation.sd**2
    surprise = observation.value - level
    z = abs(surprise) / sqrt(variance + noise)
    if z > config.gate:
        noise *= (z / config.gate) ** 2
    gain = variance / (variance + noise)
    return level + gain * surprise, (1.0 - gain) * variance


def alarm_step(observation: Observation, config: BeliefConfig) -> float:
    """How far the CUSUM moves: k·z − k²/2 with z clipped and k = shift/s."""
    s = sqrt(observation.sd**2 + config.noise_floor**2)
    z = min(observation.value / s, config.clip)
    k = config.shift / s
    return k * z - k * k / 2


def is_raised(raised: bool, alarm: float, config: BeliefConfig) -> bool:
    """Hysteresis: raised above the threshold, until the alarm falls below ``clear``."""
    return alarm > config.threshold or (raised and alarm >= config.clear)


def credit(evidence: Mapping[str, float], observation: Observation, step: float) -> dict[str, float]:
    """Evidence with this step shared out by the observation's parts."""
    total = sum(abs(part) for part in observation.parts.values())
    if not total:
        return dict(evidence)
    credited = dict(evidence)
    for name, part in observation.parts.items():
        credited[name] = credited.get(name, 0.0) + abs(step) * part / total
    return credited


def contributions(evidence: Mapping[str, float]) -> list[dict[str, str | float]]:
    """Signals with their signed share of the movement, strongest first, ties by name."""
    total = sum(abs(value) for value in evidence.values())
    ranked = sorted(evidence.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [{"signal": name, "share": value / total} for name, value in ranked if total]


def slope(recent: tuple[tuple[int, float], ...]) -> float | None:
    """Least-squares slope of (milliseconds, level) points, per minute; None without two moments."""
    if len(recent) < 2:
        return None
    minutes = [(at - recent[0][0]) / 60_000 for at, _ in recent]
    middle = sum(minutes) / len(minutes)
    spread = sum((m - middle) ** 2 for m in minutes)
    if spread == 0.0:
        return None
    return sum((m - middle) * level for m, (_, level) in zip(minutes, recent, strict=True)) / spread
