"""Eligibility."""

from streams.config import Config
from streams.protocols import Protocol
from streams.state import State


def eligible(state: State, config: Config, disabled: frozenset[str] = frozenset()) -> list[Protocol]:
    """Options that may be chosen now, in the order of the catalogue."""
    last_resort = state.failures >= config.decision.max_failures
    options = [
        option
        for option in config.protocols
        if (not option.channels or state.channel in option.channels)
        and state.failures >= option.after_failures
        and option.id not in state.excluded
        and option.id not in disabled
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
