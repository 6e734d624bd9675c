"""The outcome: what the trajectory did after a decision, control included.

A window closes after ``window_turns`` customer turns or ``window_s`` seconds, whichever is first, or when the
conversation ends. Reward is the level before minus the level after. A rise beyond the margin after an
intervention is a failure: the option is excluded and the next turn reroutes, or escalates.

How a window went is its status:
    matured       the customer wrote in it. Also where the conversation ended before its time: who leaves in anger
                  must not be left out.
    censored      the customer never wrote in it (``no_turns``), or not before the conversation ended (``ended``), or is
                  forgotten (``forgotten``).
    overlapped    the platform handed the conversation over in it of its own accord, so that what followed is not the
                  option's alone. The window stays open to its usual end, and its reward, if the customer wrote, counts
                  for the option as assigned: dropping it would hide where an option was given up on.

Where a hand-over was the option chosen, the platform's hand-over is the option obeyed: nothing overlaps or ends.
"""

from typing import Any

import msgspec

from streams import ids
from streams.belief import estimator
from streams.config.model import Config, OutcomeConfig
from streams.customers import notes
from streams.outputs import Output, scope
from streams.state import NEVER, OutcomeWindow, State

TOLD = 4  # attempts that records repeat; more would explain less
STRONGEST = 3


def deadline(state: State, config: OutcomeConfig) -> int:
    """When time alone closes the window, milliseconds; NEVER without one."""
    if state.window is None:
        return NEVER
    return state.window.decided_at + config.window_ms


def count_turn(state: State, conversation_id: str, config: Config) -> tuple[State, list[Output]]:
    """A customer turn within an open window; it may be the last one the window waits for."""
    if state.window is None:
        return state, []
    window = msgspec.structs.replace(state.window, turns=state.window.turns + 1)
    state = msgspec.structs.replace(state, window=window)
    if window.turns < config.outcome.window_turns:
        return state, []
    return close(state, conversation_id, state.customer_at, "no_turns", config)


def answered(state: State, at: int) -> State:
    """An operator or bot wrote at ``at``, milliseconds: the intervention could be obeyed, unless it came later."""
    window = state.window
    if window is None or window.answered or at < window.decided_at:
        return state
    return msgspec.structs.replace(state, window=msgspec.structs.replace(window, answered=True))


def handed_over(state: State) -> State:
    """The platform handed the conversation over: our part ends. What we had asked for does not overlap."""
    window = state.window
    if window is not None and not state.handed_over:
        window = msgspec.structs.replace(window, overlapped=True)
    return msgspec.structs.replace(state, window=window, handed_over=True)


def close(
    state: State, conversation_id: str, at: int, reason_if_unseen: str, config: Config
) -> tuple[State, list[Output]]:
    """Close the window at stream time ``at``.

    Args:
        reason_if_unseen: censoring reason when the customer never wrote within the window.
    """
    window = state.window
    if window is None:
        return state, []
    change = state.belief.level - window.level if window.turns else None
    failed = change is not None and not window.control and change > config.outcome.margin
    closed = msgspec.structs.replace(
        state,
        window=None,
        failures=state.failures + failed,
        excluded=(*state.excluded, window.option) if failed else state.excluded,
        failed=window.decision_id if failed else None,
        tried=(*state.tried, (window.option, change))[-TOLD:],
    )
    outcome_id = ids.stable_id("outcome", window.decision_id)
    outcome = {
        "outcome_id": outcome_id,
        "event_time": at,
        **scope(state, conversation_id),
        **decided(window),
        **observed(state, window, change, reason_if_unseen),
        "turns": window.turns,
        "elapsed_s": (at - window.decided_at) / 1000,
        "failed": failed,
        "delivered": None if window.control else window.answered,
        "action": "none" if state.handed_over else follow_up(window, change, failed, closed.failures, config),
        **story(closed),
        "contributions": estimator.rank_shares(state.belief.evidence)[:STRONGEST],
        "config_version": config.version,
    }
    outputs = [Output("outcome", outcome_id, outcome)]
    return notes.note_outcomes(closed, outputs, config), outputs


def forgotten(state: State, conversation_id: str, config: Config) -> list[Output]:
    """The outcome of a window whose customer is forgotten: nothing was seen. Who learns waits for it."""
    if state.window is None:
        return []
    window = msgspec.structs.replace(state.window, turns=0, overlapped=False)
    unnamed = msgspec.structs.replace(state, customer_id=None, window=window)
    return close(unnamed, conversation_id, state.last_at, "forgotten", config)[1]


def story(state: State) -> dict[str, Any]:
    """Since when frustration is raised in a conversation, and what was tried."""
    tried = [{"option": option, "change": change} for option, change in state.tried]
    return {"raised_at": state.course.raised_at or None, "tried": tried}


def decided(window: OutcomeWindow) -> dict[str, Any]:
    """What an outcome repeats of its decision."""
    return {
        "decision_id": window.decision_id,
        "decided_at": window.decided_at,
        "option": window.option,
        "control": window.control,
        "propensity": window.propensity,
        "pre_level": window.level,
        "pre_sd": window.variance**0.5,
    }


def observed(state: State, window: OutcomeWindow, change: float | None, reason_if_unseen: str) -> dict[str, Any]:
    """What was seen of the level at the end of a window; ``change`` is None where the customer never wrote."""
    if change is None:
        unseen = {"post_level": None, "post_sd": None, "reward": None}
        status = "overlapped" if window.overlapped else "censored"
        return {"status": status, "censoring_reason": reason_if_unseen, **unseen}
    return {
        "status": "overlapped" if window.overlapped else "matured",
        "censoring_reason": None,
        "post_level": state.belief.level,
        "post_sd": state.belief.variance**0.5,
        "reward": -change,
    }


def follow_up(window: OutcomeWindow, change: float | None, failed: bool, failures: int, config: Config) -> str:
    """What follows an outcome: a symbol of OutcomeAction."""
    if failed:
        return "escalate" if failures >= config.decision.max_failures else "reroute"
    helped = change is not None and not window.control and change < -config.outcome.margin
    return "reinforce" if helped else "none"
