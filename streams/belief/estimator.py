"""The belief: a frustration level with its uncertainty, and an alarm. They are updated separately.

Level: scalar Kalman filter over irregular time; an observation far from the expected value counts less.
Alarm: adaptive CUSUM (Sparks 2000; Lorden & Pollak 2005) over observations, each weighted by its channel's
reliability and clipped, so that no single outlier raises it. It sums log-likelihood ratios of "risen by ``rise``"
against "as usual", and looks for a rise above the level before the observation, so that a small rise is found while
the level is low. Measured on simulated ramps: benchmarks/belief/ramps.py.
"""

from collections.abc import Mapping
from math import sqrt
from typing import NamedTuple

from streams.config.model import BeliefConfig
from streams.state import Belief

# In the contributions of a trajectory point: an observation moves the level by its value minus the expected value. The
# second part belongs to no signal; it has this name.
SETTLING = "level.settling"


class Observation(NamedTuple):
    """What one signal says about frustration, on the level's scale.

    Attributes:
        value: on the level's scale; 0 is usual, positive more frustrated.
        sd: standard deviation of the value.
        parts: share of the value by named signal; sums to ``value``.
    """

    value: float
    sd: float
    parts: Mapping[str, float]


def initial_belief(at: int, config: BeliefConfig) -> Belief:
    """The belief before any observation."""
    return Belief(0.0, config.prior_sd**2, 0.0, False, at, {}, {})


def update(belief: Belief, observation: Observation, at: int, config: BeliefConfig) -> Belief:
    """The belief after one observation at stream time ``at`` (milliseconds; earlier counts as now)."""
    predicted = predict_variance(belief, at, config)
    level, variance = filter_level(belief.level, predicted, observation, config)
    weight, step = cusum_step(observation, target_rise(belief, config), config)
    alarm = min(max(0.0, belief.alarm + step), config.ceiling)
    fell = level < belief.level
    deferred = belief.deferred + 1 if is_deferred(belief, alarm, fell, config) else 0
    return Belief(
        level=level,
        variance=variance,
        alarm=alarm,
        raised=not deferred and is_raised(belief.raised, alarm, config),
        at=max(belief.at, at),
        evidence=add_parts(belief.evidence, observation.parts, weight) if alarm > 0.0 else {},
        moved=add_parts(belief.moved, observation.parts, 1.0 - variance / predicted),
        fell=fell,
        deferred=deferred,
    )


def predict_variance(belief: Belief, at: int, config: BeliefConfig) -> float:
    """Variance of the level at a later time: it grows during silence, up to a limit."""
    elapsed = max(0, at - belief.at) / 1000
    return max(belief.variance, min(belief.variance + config.drift * elapsed, config.max_sd**2))


def filter_level(level: float, variance: float, observation: Observation, config: BeliefConfig) -> tuple[float, float]:
    """Level and variance after the observation (Kalman), outliers inflated by (z/gate)²."""
    noise = observation.sd**2
    surprise = observation.value - level
    z = abs(surprise) / sqrt(variance + noise)
    if z > config.gate:
        noise *= (z / config.gate) ** 2
    gain = variance / (variance + noise)
    return level + gain * surprise, (1.0 - gain) * variance


def target_rise(belief: Belief, config: BeliefConfig) -> float:
    """The rise above usual the alarm looks for: ``shift`` above the level so far, at most ``shift_most``."""
    return min(max(belief.level, 0.0) + config.shift, config.shift_most)


def cusum_step(observation: Observation, rise: float, config: BeliefConfig) -> tuple[float, float]:
    """Weight of the observation's parts in the alarm, and the CUSUM step.

    The step is the log-likelihood ratio of a rise d against none, d/s²·(x − d/2), x clipped at ``clip``·s.
    """
    s2 = observation.sd**2 + config.noise_floor**2
    value, weight = observation.value, rise / s2
    most = config.clip * sqrt(s2)
    if value > most:
        return weight * most / value, weight * (most - rise / 2)
    return weight, weight * (value - rise / 2)


def is_raised(raised: bool, alarm: float, config: BeliefConfig) -> bool:
    """Hysteresis: raised above the threshold, until the alarm falls below ``clear``."""
    return alarm > config.threshold or (raised and alarm >= config.clear)


def is_deferred(belief: Belief, alarm: float, fell: bool, config: BeliefConfig) -> bool:
    """Whether to defer raising: the alarm is above the threshold, but the level just fell."""
    return belief.deferred < config.defer and not belief.raised and alarm > config.threshold and (fell or belief.fell)


def add_parts(before: Mapping[str, float], parts: Mapping[str, float], weight: float) -> dict[str, float]:
    """The sums by signal, with the weighted parts of one more observation."""
    sums = dict(before)
    for name, part in parts.items():
        sums[name] = sums.get(name, 0.0) + weight * part
    return sums


def rank_shares(evidence: Mapping[str, float]) -> list[dict[str, str | float]]:
    """Signals with their signed share of the evidence, absolute values summing to 1; strongest first, then by name."""
    total = sum(map(abs, evidence.values()))
    return rank_signals({name: value / total for name, value in evidence.items()}) if total else []


def rank_movements(moved: Mapping[str, float], change: float) -> list[dict[str, str | float]]:
    """How far each signal moved the level. With ``SETTLING`` they sum to the level's change."""
    return rank_signals({**moved, SETTLING: change - sum(moved.values())}) if moved else []


def rank_signals(signed: Mapping[str, float]) -> list[dict[str, str | float]]:
    ordered = sorted([(-abs(value), name, value) for name, value in signed.items() if value])
    return [{"signal": name, "share": value} for _, name, value in ordered]


def fit_slope(recent: tuple[tuple[int, float], ...]) -> float | None:
    """Least-squares slope of (milliseconds, level) points, per minute; None without two moments."""
    if len(recent) < 2:
        return None
    minutes = [(at - recent[0][0]) / 60_000 for at, _ in recent]
    middle = sum(minutes) / len(minutes)
    spread = sum((m - middle) ** 2 for m in minutes)
    if spread == 0.0:
        return None
    return sum((m - middle) * level for m, (_, level) in zip(minutes, recent, strict=True)) / spread
