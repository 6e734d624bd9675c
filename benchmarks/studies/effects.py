"""An option against control with an interval that knows of conversations; beside it, what "improved after" says."""

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, fmean, pstdev
from typing import NamedTuple

from streams.experiment import effects, policy_value
from streams.experiment.effects import Evidence, MaturedDecision


class Effect(NamedTuple):
    """Mean, interval, and how many decisions stand behind it."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def covers_zero(self) -> bool:
        return self.low <= 0 <= self.high


def around(mean: float, error: float, n: int, alpha: float) -> Effect:
    margin = NormalDist().inv_cdf(1 - alpha / 2) * error
    return Effect(mean, mean - margin, mean + margin, n)


def against_control(decided: Sequence[MaturedDecision], option: str, alpha: float = 0.05) -> Effect:
    """Mean contrast of an option with control, doubly robust, its error clustered by conversation."""
    compared = [one for one in decided if effects.is_comparable(one, option)]
    phi = [effects.contrast(one, option) for one in compared]
    mean = fmean(phi)
    error = policy_value.clustered_error(compared, [value - mean for value in phi]) / len(phi)
    return around(mean, error, len(phi), alpha)


def always_valid(decided: Sequence[MaturedDecision], option: str, alpha: float, n_opt: float) -> Effect:
    """The same with the interval that may be looked at all the time. ``decided`` in decision order."""
    evidence = Evidence()
    for one in decided:
        if effects.is_comparable(one, option):
            evidence = evidence.add(effects.weighted_contrast(one, option))
    interval = effects.confidence_sequence(evidence, alpha, n_opt)
    if interval is None:
        raise ValueError(f"{option} was not compared twice")
    return Effect(evidence.mean, *interval, evidence.n)


def improved_after(falls: Sequence[float]) -> Effect:
    """What followed, compared with nothing, every decision by itself."""
    return around(fmean(falls), pstdev(falls) / sqrt(len(falls)), len(falls), 0.05)
