"""Baselines: a person's own usual values. Numbers about behaviour mean nothing without them."""

from collections.abc import Iterable, Mapping
from math import sqrt

from streams.state import Baseline

Weights = Mapping[str, tuple[float, float]]

MEMORY = 30
ENOUGH = 3


def update_baseline(baseline: Baseline | None, value: float, memory: int = MEMORY) -> Baseline:
    """The baseline with one more value: exact mean and variance at first, then over a memory of so many."""
    if baseline is None:
        return Baseline(value, 0.0, 1)
    count = baseline.count + 1 if baseline.count < memory else memory
    surprise = value - baseline.mean
    mean = baseline.mean + surprise / count
    variance = (1 - 1 / count) * (baseline.variance + surprise * surprise / count)
    return Baseline(mean, variance, count)


def update_baselines(
    numbers: Mapping[str, float | None], baselines: Mapping[str, Baseline], names: Iterable[str], memory: int = MEMORY
) -> dict[str, Baseline]:
    """The baselines with these numbers, unusual ones included: what is unusual now may become usual."""
    after = dict(baselines)
    for name in names:
        if (value := numbers.get(name)) is not None:
            after[name] = update_baseline(after.get(name), value, memory)
    return after


def measure_deviation(baseline: Baseline | None, value: float, least_sd: float) -> float | None:
    """Standard deviations from the person's usual value, -3 to 3; None before ``ENOUGH`` values.

    Args:
        least_sd: lower limit of a person's standard deviation.
    """
    if baseline is None or baseline.count < ENOUGH:
        return None
    sd = sqrt(baseline.variance)
    z = (value - baseline.mean) / (sd if sd > least_sd else least_sd)
    return 3.0 if z > 3.0 else -3.0 if z < -3.0 else z


def measure_deviations(
    numbers: Mapping[str, float | None], baselines: Mapping[str, Baseline], weights: Weights
) -> dict[str, float]:
    """Deviation of each known number from the person's usual value, in standard deviations.

    Args:
        weights: by name, the weight of one standard deviation and the lower limit of a person's standard deviation.
    """
    deviations = {}
    for name, (_, least_sd) in weights.items():
        value = numbers.get(name)
        z = None if value is None else measure_deviation(baselines.get(name), value, least_sd)
        if z is not None:
            deviations[name] = z
    return deviations


def drop_signal(baselines: Mapping[str, Baseline], signal: str) -> dict[str, Baseline]:
    """The baselines without anything learned from a signal, as ``typing``."""
    return {name: value for name, value in baselines.items() if not name.startswith(f"{signal}.")}
