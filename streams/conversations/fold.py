"""The fold: state and signal in, state and records out. Pure: nothing passed in is changed.

``FLOWS`` is its table of contents: what happens to each kind of signal, step by step, in this order. A new kind of
signal is one more line and the file that holds its step.
"""

from streams.config.model import Config
from streams.conversations.behaviour import read_navigation, read_typing, read_voice
from streams.conversations.consent import take_consent
from streams.conversations.decision import UNIFORM, ActivePolicy
from streams.conversations.distal_outcome import summarise
from streams.conversations.lifecycle import admit, close_due, open_state
from streams.conversations.message import (
    believe,
    close_if_ended,
    count_turn,
    decide,
    mark_hand_over,
    read_pace,
    read_words,
    remember_answer,
    remember_turn,
)
from streams.conversations.profile_exchange import request_profile, take_in_profile, write_notes
from streams.conversations.step import Context, Signal, Step
from streams.conversations.trajectory import write_point
from streams.outputs import Output
from streams.state import State
from streams.text_model.model import TextModel, shipped_model

ARRIVE: tuple[Step, ...] = (close_due, admit, take_consent, request_profile)
LEAVE: tuple[Step, ...] = (summarise, write_notes)

FLOWS: dict[str, tuple[Step, ...]] = {
    "turn": (
        *ARRIVE,
        mark_hand_over,
        read_pace,
        read_words,
        believe,
        remember_turn,
        write_point,
        count_turn,
        close_if_ended,
        decide,
        *LEAVE,
    ),
    "answer": (*ARRIVE, mark_hand_over, remember_answer, close_if_ended, *LEAVE),
    "keystrokes": (*ARRIVE, read_typing, *LEAVE),
    "navigation": (*ARRIVE, read_navigation, *LEAVE),
    "prosody": (*ARRIVE, read_voice, *LEAVE),
    "profile": (take_in_profile,),
}


def fold(
    state: State | None,
    signal: Signal,
    config: Config,
    model: TextModel | None = None,
    policy: ActivePolicy = UNIFORM,
) -> tuple[State, list[Output]]:
    """Fold one signal of a conversation that is no duplicate.

    Args:
        state: the conversation so far; None when it is new.
        signal: a record of tenor.signals that is no tick.
        config: every number of the domain.
        model: the text model in use; None for the one that is shipped.
        policy: the policy in use.
    """
    context = Context(signal, config, model or shipped_model(), policy)
    state = state or open_state(signal, config)
    for step in FLOWS[flow_of(signal)]:
        state = step(state, context)
    return state, context.outputs


def flow_of(signal: Signal) -> str:
    """Name of the flow of a signal: its kind; a message is a ``turn`` of the customer, or an ``answer``."""
    kind: str = signal["kind"]
    if kind != "message":
        return kind
    return "turn" if signal["participant_role"] == "customer" else "answer"
