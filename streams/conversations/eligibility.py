"""Eligibility: which options may be chosen now, and what an eligible one asks of this customer at this moment."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from streams.belief.estimator import fit_slope
from streams.config.model import Config
from streams.interventions.options import Conditions, InterventionOption
from streams.state import OptionHistory, State

NOTHING: frozenset[str] = frozenset()
NEVER_TRIED = OptionHistory()


def eligible(state: State, config: Config, disabled: frozenset[str] = NOTHING) -> list[InterventionOption]:
    """Options that may be chosen now, in the order of the catalogue; none that failed in this conversation.

    What often failed this customer in earlier conversations is left out while there is anything else. Where an
    option failed just now and its ladder leads to an eligible one, only the ladder is left. After ``max_failures``
    failed interventions only hand-overs are left, and nothing but the channel stands in their way.

    Args:
        disabled: options that were rolled back.
    """
    if state.failures >= config.decision.max_failures:
        return up_the_ladder(last_resorts(state, config), state, config)
    options = [option for option in config.protocols if option.id not in disabled and usable(option, state, config)]
    return up_the_ladder([one for one in options if not failed_often(one, state, config)] or options, state, config)


def last_resorts(state: State, config: Config) -> list[InterventionOption]:
    """The hand-overs of this channel, whatever else their conditions say."""
    return [
        option
        for option in config.protocols
        if option.constraints.hand_over
        and option.id not in state.excluded
        and (not option.when.channels or state.channel in option.when.channels)
    ]


def usable(option: InterventionOption, state: State, config: Config) -> bool:
    """Whether an option's conditions hold and the conversation can bear it; a hand-over can always be borne."""
    bearable = option.constraints.hand_over or state.spent + option.burden <= config.decision.burden
    return bearable and option.id not in state.excluded and holds(option.when, state, option.id)


def failed_often(option: InterventionOption, state: State, config: Config) -> bool:
    """Whether an option failed this customer clearly more often than it helped; a hand-over is never ruled out."""
    if state.usual is None or option.constraints.hand_over:
        return False
    before = before_with(state, option.id)
    return before.failed - before.helped >= config.profile.failures


def up_the_ladder(options: list[InterventionOption], state: State, config: Config) -> list[InterventionOption]:
    """Of options, those the latest failure leads to, else those an earlier one leads to, else all."""
    if state.excluded:
        ladder = {option.id: option.then for option in config.protocols}
        for failed in reversed(state.excluded):
            if following := [option for option in options if option.id in ladder.get(failed, ())]:
                return following
    return options


def adapted(option: InterventionOption, state: State) -> InterventionOption:
    """The option with the constraints this customer needs at this moment; later adaptations win."""
    changes = [one.constraints for one in option.adapt if holds(one.when, state, option.id)]
    if not changes:
        return option
    changed = {name: value for change in changes for name, value in change}
    return replace(option, constraints=replace(option.constraints, **changed))


def holds(when: Conditions, state: State, option: str) -> bool:
    """Whether all conditions of an option hold."""
    return all(CONDITIONS[name](asked, state, option) for name, asked in when.active)


def before_with(state: State, option: str) -> OptionHistory:
    """What followed an option in this customer's earlier conversations."""
    return state.usual.defused.get(option, NEVER_TRIED) if state.usual is not None else NEVER_TRIED


def steep(asked: float, state: State, option: str) -> bool:
    found = fit_slope(state.recent)
    return found is not None and found >= asked


def returning(asked: bool, state: State, option: str) -> bool:
    return (state.usual is not None and state.usual.conversations > 0) is asked


def helped_before(asked: bool, state: State, option: str) -> bool:
    before = before_with(state, option)
    return (before.helped > before.failed) is asked


def failed_before(asked: bool, state: State, option: str) -> bool:
    before = before_with(state, option)
    return (before.failed > before.helped) is asked


def consented(asked: tuple[str, ...], state: State, option: str) -> bool:
    given = {"keystrokes": state.keystroke_consent, "voice": state.voice_consent}
    return all(given[one] is True for one in asked)


CONDITIONS: dict[str, Callable[[Any, State, str], bool]] = {
    "channels": lambda asked, state, option: state.channel in asked,
    "level_at_least": lambda asked, state, option: state.belief.level >= asked,
    "level_below": lambda asked, state, option: state.belief.level < asked,
    "slope_at_least": steep,
    "turn_at_least": lambda asked, state, option: state.turn >= asked,
    "after_failures": lambda asked, state, option: state.failures >= asked,
    "returning": returning,
    "helped_before": helped_before,
    "failed_before": failed_before,
    "consent": consented,
}
