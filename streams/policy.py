"""The policy: which option, with which probability, drawn how. Uniform for now; it does not learn.

The probabilities are total: eligibility and the control lottery are folded in, the vector sums to 1, is logged
as it is, and the choice is drawn from it by a keyed hash, so that an audit can repeat it.
"""

from collections.abc import Sequence
from itertools import accumulate

from streams.protocols import CONTROL, Protocol

Propensities = list[tuple[str, float]]


def propensities(options: Sequence[Protocol], control_share: float) -> Propensities:
    """Total probability of control and of each option; sums to 1. ``options`` must not be empty."""
    share = (1.0 - control_share) / len(options)
    return [(CONTROL, control_share), *((option.id, share) for option in options)]


def draw(chances: Propensities, lottery: float) -> tuple[str, float]:
    """The option a uniform draw in [0, 1) falls on, and its probability."""
    for (name, probability), upper in zip(chances, accumulate(p for _, p in chances), strict=True):
        if lottery < upper:
            return name, probability
    return chances[-1]  # the sum may fall short of 1 by a rounding error
