"""Agreement of several raters: Krippendorff's alpha, by the library of that name. Pure.

1 is perfect agreement, 0 what chance would give, below 0 systematic disagreement. Krippendorff asks for .8, and for
tentative conclusions for .667 (Content Analysis, 4th ed., chapter 12).
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Literal, NamedTuple

import krippendorff
import numpy as np

INSUFFICIENT = "insufficient data"
ENOUGH_UNITS = 10
RESAMPLES = 1000
SEED = 20_260_923
NO_VARIATION = "all ratings are the same"

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
    found = alpha(counts, values, level)
    if found is None:
        return Agreement(None, None, None, len(shared), raters, NO_VARIATION)
    return Agreement(found, *interval(counts, values, level), len(shared), raters, None)


def by_unit(judgements: Iterable[Judgement]) -> list[dict[Hashable, Hashable]]:
    """What each rater said, for every unit with at least two raters."""
    units: dict[Hashable, dict[Hashable, Hashable]] = defaultdict(dict)
    for unit, rater, value in judgements:
        units[unit][rater] = value
    return [said for said in units.values() if len(said) > 1]


def alpha(counts: Any, values: Sequence[Hashable], level: Level) -> float | None:
    """Krippendorff's alpha of units by values; None where no two ratings differ."""
    if (counts.sum(axis=0) > 0).sum() < 2:
        return None
    # The domain must be numbers, and only their order counts.
    return float(krippendorff.alpha(value_counts=counts, value_domain=range(len(values)), level_of_measurement=level))


def interval(counts: Any, values: Sequence[Hashable], level: Level) -> tuple[float | None, float | None]:
    """95 % percentile interval over resampled units. Resamples in which no two ratings differ say nothing."""
    draws = np.random.default_rng(SEED).integers(len(counts), size=(RESAMPLES, len(counts)))
    resampled = [found for draw in draws if (found := alpha(counts[draw], values, level)) is not None]
    if len(resampled) < RESAMPLES / 2:
        return None, None
    low, high = np.quantile(resampled, [0.025, 0.975])
    return float(low), float(high)
