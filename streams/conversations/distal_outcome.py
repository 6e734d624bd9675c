"""The distal outcome: how a conversation ended, told once in each of its lives, when it falls silent.

How it ended is what the platform last said of it. A customer who writes on, in a message that says ``open``, takes
back that it was resolved or abandoned; an operator or bot does not, because ``open`` is also what a producer says who
says nothing, and a farewell often follows the end. A hand-over is not taken back: what follows it is the other desk's.
"""

from collections.abc import Sequence

import msgspec

from streams import ids
from streams.config.model import Config
from streams.conversations.step import Context, Signal
from streams.customers.notes import ENDED
from streams.experiment.holdout import is_in_holdout
from streams.outputs import Output, scope
from streams.state import ConversationSummary, State


def summarise(state: State, context: Context) -> State:
    """Step: what the end of the conversation will tell of its course, after the signal and all it published."""
    summary = state.course
    if state.belief.raised != context.was_raised:
        summary = note_alarm(summary, state.belief.raised, context.at)
    if context.signal["kind"] == "message":
        summary = note_message(summary, context.signal, context.outputs)
    return state if summary is state.course else msgspec.structs.replace(state, course=summary)


def note_alarm(summary: ConversationSummary, raised: bool, at: int) -> ConversationSummary:
    """The alarm was raised or cleared by a signal at ``at``, milliseconds; it is never cleared before it was raised."""
    if raised:
        return msgspec.structs.replace(summary, raised_at=summary.raised_at or at, recovered_at=0)
    return msgspec.structs.replace(summary, recovered_at=max(at, summary.raised_at))


def note_message(summary: ConversationSummary, signal: Signal, outputs: Sequence[Output]) -> ConversationSummary:
    """The summary after a message: status, interventions so far, highest level."""
    levels = [output.datum["level"] for output in outputs if output.record == "trajectory_point"]
    highest = levels if summary.highest is None else [summary.highest, *levels]
    return msgspec.structs.replace(
        summary,
        status=latest_status(summary.status, signal),
        interventions=summary.interventions + [output.record for output in outputs].count("intervention"),
        highest=max(highest, default=None),
    )


def latest_status(before: str | None, signal: Signal) -> str | None:
    """What the platform last said of the conversation, and still holds."""
    if signal["status"] != "open":
        return str(signal["status"])
    return None if before in ENDED and signal["participant_role"] == "customer" else before


def distal_outcome(state: State, conversation_id: str, at: int, config: Config) -> list[Output]:
    """The record of a conversation that fell silent at ``at``, milliseconds; none where the customer never wrote."""
    if not state.turn:
        return []
    distal_id = ids.stable_id("distal", state.tenant, conversation_id, state.opened)
    summary, belief = state.course, state.belief
    datum = {
        "distal_id": distal_id,
        "event_time": at,
        **scope(state, conversation_id),
        "opened_at": state.opened_at,
        "ended": summary.status or "silent",
        "holdout": is_in_holdout(state.tenant, state.customer_id, conversation_id, config),
        "turns": state.turn,
        "decisions": state.decisions,
        "interventions": summary.interventions,
        "failures": state.failures,
        "level": belief.level,
        "level_sd": belief.variance**0.5,
        "highest": summary.highest or 0.0,
        "raised": belief.raised,
        "raised_at": summary.raised_at or None,
        "recovered_at": summary.recovered_at or None,
        "config_version": config.version,
    }
    return [Output("distal_outcome", distal_id, datum)]
