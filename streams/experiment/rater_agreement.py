"""Agreement of several raters: Krippendorff's alpha. Pure.

1 is perfect agreement, 0 what chance would give, below 0 systematic disagreement. Krippendorff asks for .8, and for
tentative conclusions for .667 (Content Analysis, 4th ed., chapter 12).
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

INSUFFICIENT = "insufficient data"
ENOUGH_UNITS = 10
RESAMPLES = 1000
SEED = 20_260_923
NO_VARIATION = "all ratings are the same"

Floats = NDArray[np.float64]
Level = Literal["nominal", "ordinal"]


class Judgement(NamedTuple):
    """What one rater said of one unit: a reply, a message, a pair."""

    unit: Hashable
    rater: Hashable
    value: Hashable


class Agreement(NamedTuple):
    """Agreement on one question.

    Attributes:
        alpha: at most 1; None where it cannot be said.
        low, high: 95 % interval, bootstrapped by unit with a fixed seed.
        units: judged by two raters or more.
        raters: who judged them.
        why_not: why there is no alpha; None where there is.
    """

    alpha: float | None
    low: float | None
    high: float | None
    units: int
    raters: int
    why_not: str | None


def agreement(judgements: Iterable[Judgement], values: Sequence[Hashable], level: Level) -> Agreement:
    """Agreement of the raters. Who judged a unit twice counts with the last judgement.

    Args:
        values: every possible value; in their order where the level is ordinal.
        level: how values differ: nominal, they do; ordinal, by how many ratings lie between them.
    """
    shared = by_unit(judgements)
    raters = len({rater for said in shared for rater in said})
    counts = np.array([[Counter(said.values())[value] for value in values] for said in shared])
    if len(shared) < ENOUGH_UNITS:
        return Agreement(None, None, None, len(shared), raters, INSUFFICIENT)
    found = alpha(counts, level)
    if found is None:
        return Agreement(None, None, None, len(shared), raters, NO_VARIATION)
    return Agreement(found, *interval(counts, level), len(shared), raters, None)


def by_unit(judgements: Iterable[Judgement]) -> list[dict[Hashable, Hashable]]:
    """What each rater said, for every unit with at least two raters."""
    units: dict[Hashable, dict[Hashable, Hashable]] = defaultdict(dict)
    for unit, rater, value in judgements:
        units[unit][rater] = value
    return [said for said in units.values() if len(said) > 1]


def alpha(counts: Any, level: Level) -> float | None:
    """Krippendorff's alpha, one minus observed by expected disagreement; None where no two ratings differ.

    After K. Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C to E.

    Args:
        counts: how often each unit (row) was given each value (column); at least two ratings a unit.
    """
    pairable = counts / (counts.sum(axis=1, keepdims=True) - 1)
    coincidences = counts.T @ pairable - np.diag(pairable.sum(axis=0))  # o_ck: pairs of values within units
    totals = coincidences.sum(axis=1)  # n_c: ratings with each value
    if (totals > 0).sum() < 2:
        return None
    difference = differences(totals, level)
    expected = (np.outer(totals, totals) * difference).sum() / (totals.sum() - 1)
    return float(1.0 - (coincidences * difference).sum() / expected)


def differences(totals: Floats, level: Level) -> Floats:
    """Squared difference of every two values: 1 unless alike; ordinal, the squared number of ratings between them."""
    if level == "nominal":
        return 1.0 - np.eye(len(totals))
    middles = np.cumsum(totals) - totals / 2
    return np.subtract.outer(middles, middles) ** 2


def interval(counts: Any, level: Level) -> tuple[float | None, float | None]:
    """95 % percentile interval over resampled units. Resamples in which no two ratings differ say nothing."""
    draws = np.random.default_rng(SEED).integers(len(counts), size=(RESAMPLES, len(counts)))
    resampled = [found for draw in draws if (found := alpha(counts[draw], level)) is not None]
    if len(resampled) < RESAMPLES / 2:
        return None, None
    low, high = np.quantile(resampled, [0.025, 0.975])
    return float(low), float(high)
