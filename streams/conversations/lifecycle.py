"""The life of a conversation: it opens, is admitted signal by signal, and ends by silence.

Time comes from the signals. Before a signal is folded, everything that was due by its time is closed as of the moment
it was due, so that it makes no difference whether a tick came first.
"""

import msgspec

from streams.belief import estimator
from streams.config.model import Config
from streams.conversations import distal_outcome, outcome
from streams.conversations.step import Context, Signal
from streams.customers import notes
from streams.outputs import Output
from streams.state import State


def open_state(signal: Signal, config: Config) -> State:
    """The state of a new conversation, before its first signal is folded."""
    at = signal["event_time"]
    partition, offset = position(signal)
    return State(
        tenant=signal["tenant"],
        channel=signal["channel"],
        customer_id=signal["customer_id"],
        opened=f"{partition}/{offset}",
        opened_at=at,
        last_at=at,
        positions={},
        belief=estimator.initial_belief(at, config.belief),
    )


def position(signal: Signal) -> tuple[str, int]:
    """Source position of the input event: ``topic/partition`` and offset."""
    source = signal["source"]
    return f"{source['topic']}/{source['partition']}", source["offset"]


def is_duplicate(state: State, signal: Signal) -> bool:
    """Whether the input event of this signal was folded before."""
    partition, offset = position(signal)
    return offset <= state.positions.get(partition, -1)


def idle_deadline(state: State, config: Config) -> int:
    """When silence ends the conversation, milliseconds."""
    return state.last_at + config.outcome.idle_ms


def deadline(state: State, config: Config) -> int:
    """When stream time next concerns this conversation, milliseconds."""
    return min(outcome.deadline(state, config.outcome), idle_deadline(state, config))


def close_due(state: State, context: Context) -> State:
    """Step: close what was due by the time of the signal; a conversation that fell silent before it begins anew."""
    config, now = context.config, context.at
    if now < deadline(state, config):
        return state
    if now < idle_deadline(state, config):
        state, outputs = advance(state, context.conversation_id, now, config)
    else:
        outputs = end(state, context.conversation_id, config)
        state = msgspec.structs.replace(open_state(context.signal, config), positions=state.positions)
    context.outputs += outputs
    return state


def advance(state: State, conversation_id: str, now: int, config: Config) -> tuple[State, list[Output]]:
    """Close the outcome window if it was due by ``now``, milliseconds."""
    due = outcome.deadline(state, config.outcome)
    return outcome.close(state, conversation_id, due, "no_turns", config) if due <= now else (state, [])


def end(state: State, conversation_id: str, config: Config) -> list[Output]:
    """The last records of a conversation that fell silent: open outcome, distal outcome, note for the profile."""
    silent = idle_deadline(state, config)
    due = min(silent, outcome.deadline(state, config.outcome))
    state, outputs = outcome.close(state, conversation_id, due, "no_turns", config)
    _, learned = notes.publish_learned(state, conversation_id, silent, config)
    return [*outputs, *distal_outcome.distal_outcome(state, conversation_id, silent, config), *learned]


def admit(state: State, context: Context) -> State:
    """Step: the signal is folded from here on: its source position, time and customer count."""
    partition, offset = position(context.signal)
    context.was_raised = state.belief.raised
    return msgspec.structs.replace(
        state,
        last_at=max(state.last_at, context.at),
        positions={**state.positions, partition: offset},
        customer_id=context.signal["customer_id"] or state.customer_id,
    )
