"""The policy: which option, with which probability, drawn how. Uniform for now; it does not learn.

The probabilities are total: eligibility and the control lottery are folded in, the vector sums to 1, is logged
as it is, and the choice is drawn from it by a keyed hash, so that an audit can repeat it.
"""

from collections.abc import Sequence
from itertools import accumulate

from streams.config import Config
from streams.protocols import CONTROL, Protocol
from streams.state import State

Propensities = list[tuple[str, float]]


def eligible(state: State, config: Config) -> list[Protocol]:
    """Options that may be chosen now, in the order of the catalogue.

    After ``max_failures`` failed interventions only a hand-over is left; no burden stands in its way. What often
    failed this customer in earlier conversations is left out while there is anything else.
    """
    last_resort = state.failures >= config.decision.max_failures
    options = [
        option
        for option in config.protocols
        if (not option.channels or state.channel in option.channels)
        and state.failures >= option.after_failures
        and option.id not in state.excluded
        and (option.constraints.hand_over or not last_resort)
        and (option.constraints.hand_over or state.spent + option.burden <= config.decision.burden)
    ]
    return [option for option in options if not failed_before(state, option, config)] or options


def failed_before(state: State, option: Protocol, config: Config) -> bool:
    """Whether an option failed this customer clearly more often than it helped; a hand-over is never ruled out."""
    before = state.usual.defused.get(option.id) if state.usual is not None else None
    if before is None or option.constraints.hand_over:
        return False
    return before.failed - before.helped >= config.profile.failures


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
