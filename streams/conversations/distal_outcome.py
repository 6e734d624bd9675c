"""The distal outcome: how a conversation ended, told once in each of its lives, when it falls silent.

How it ended is what the platform last said of it. A customer who writes on, in a message that says ``open``, takes
back that it was resolved or abandoned; an operator or bot does not, because ``open`` is also what a producer says who
says nothing, and a farewell often follows the end. A hand-over is not taken back: what follows it is the other desk's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from streams import ids
from streams.config.model import Config
from streams.customers.notes import ENDED
from streams.experiment.holdout import in_holdout
from streams.outputs import Output, scope
from streams.state import ConversationSummary, State

Signal = Mapping[str, Any]


def followed(state: State, was_raised: bool, signal: Signal, outputs: Sequence[Output]) -> State:
    """The state after a signal and all it published, with what the end will tell of it.

    Args:
        was_raised: whether frustration counted as raised before the signal.
    """
    course = state.course
    if state.belief.raised != was_raised:
        course = turned(course, state.belief.raised, signal["event_time"])
    if signal["kind"] == "message":
        course = heard(course, signal, outputs)
    return state if course is state.course else msgspec.structs.replace(state, course=course)


def turned(course: ConversationSummary, raised: bool, at: int) -> ConversationSummary:
    """Frustration was raised, or ceased to be, by a signal of ``at``, milliseconds; never before it first was."""
    if raised:
        return msgspec.structs.replace(course, raised_at=course.raised_at or at, recovered_at=0)
    return msgspec.structs.replace(course, recovered_at=max(at, course.raised_at))


def heard(course: ConversationSummary, signal: Signal, outputs: Sequence[Output]) -> ConversationSummary:
    """The course after a message."""
    levels = [output.datum["level"] for output in outputs if output.record == "trajectory_point"]
    highest = levels if course.highest is None else [course.highest, *levels]
    return msgspec.structs.replace(
        course,
        status=said(course.status, signal),
        interventions=course.interventions + [output.record for output in outputs].count("intervention"),
        highest=max(highest, default=None),
    )


def said(before: str | None, signal: Signal) -> str | None:
    """What the platform last said of the conversation, and still holds."""
    if signal["status"] != "open":
        return str(signal["status"])
    return None if before in ENDED and signal["participant_role"] == "customer" else before


def told(state: State, conversation_id: str, at: int, config: Config) -> list[Output]:
    """The record of a conversation that fell silent at ``at``, milliseconds; none where the customer never wrote."""
    if not state.turn:
        return []
    distal_id = ids.stable_id("distal", state.tenant, conversation_id, state.opened)
    course, belief = state.course, state.belief
    datum = {
        "distal_id": distal_id,
        "event_time": at,
        **scope(state, conversation_id),
        "opened_at": state.opened_at,
        "ended": course.status or "silent",
        "holdout": in_holdout(state.tenant, state.customer_id, conversation_id, config),
        "turns": state.turn,
        "decisions": state.decisions,
        "interventions": course.interventions,
        "failures": state.failures,
        "level": belief.level,
        "level_sd": belief.variance**0.5,
        "highest": course.highest or 0.0,
        "raised": belief.raised,
        "raised_at": course.raised_at or None,
        "recovered_at": course.recovered_at or None,
        "config_version": config.version,
    }
    return [Output("distal_outcome", distal_id, datum)]
