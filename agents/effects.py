"""Effects: what followed each option, beside what followed doing nothing. Pure.

The chance of an option differs from decision to decision (what failed before is excluded), so plain means compare
different customers. Each side is weighed by the inverse of the probability of what was chosen, among the decisions
where both could have been: then both describe the same decisions. Decisions of one conversation are not quite
independent, so the intervals are a little too narrow.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from streams.protocols import CONTROL

ENOUGH = 20
NORMAL_95 = 1.959964
INSUFFICIENT = "insufficient data"


class Matured(NamedTuple):
    """One matured outcome with the chances of its decision."""

    option: str
    reward: float
    propensity: float
    chances: Mapping[str, float]


class Side(NamedTuple):
    """One side of a comparison: weighted mean of the reward, its standard error, how many outcomes stand behind it."""

    mean: float
    error: float
    outcomes: int


def difference(option: str, outcomes: Sequence[Matured]) -> dict[str, Any]:
    """Reward of an option minus reward of control, with its 95 % interval, or why there is none."""
    comparable = [one for one in outcomes if one.chances.get(option, 0) > 0 and one.chances.get(CONTROL, 0) > 0]
    treated = side([one for one in comparable if one.option == option])
    control = side([one for one in comparable if one.option == CONTROL])
    counts = {"compared": treated.outcomes, "compared_control": control.outcomes}
    if min(treated.outcomes, control.outcomes) < ENOUGH:
        return {**counts, "difference": None, "low": None, "high": None, "why_not": INSUFFICIENT}
    gap, margin = treated.mean - control.mean, NORMAL_95 * float(np.hypot(treated.error, control.error))
    return {**counts, "difference": gap, "low": gap - margin, "high": gap + margin, "why_not": None}


def side(outcomes: Sequence[Matured]) -> Side:
    """Weighted mean and standard error (self-normalised inverse propensity)."""
    if not outcomes:
        return Side(0.0, 0.0, 0)
    reward = np.array([one.reward for one in outcomes])
    weight = 1 / np.array([one.propensity for one in outcomes])
    mean = float((weight * reward).sum() / weight.sum())
    error = float(np.sqrt((weight**2 * (reward - mean) ** 2).sum()) / weight.sum())
    return Side(mean, error, len(outcomes))
