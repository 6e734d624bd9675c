"""Turns signals into the learner's input: a conversation's customer turns with their features.

The learner keeps its own dialogue for every open conversation, with the same code as the fold.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streams.text_model import dialogue_state
from streams.text_model.learner import SPARSE, SparseDialogue, Turn, build_turn

Signal = Mapping[str, Any]


def new_dialogue() -> SparseDialogue:
    """An empty dialogue."""
    return dialogue_state.new_dialogue(SPARSE)


def add_message(dialogue: SparseDialogue, signal: Signal) -> tuple[SparseDialogue, Turn | None]:
    """The dialogue after a message, and the turn if a customer wrote it."""
    terms, cues, numbers = signal["terms"], signal["cues"], signal["features"]
    if signal["participant_role"] != "customer":
        return dialogue_state.add_reply(dialogue, terms, cues, numbers, SPARSE), None
    turn = build_turn(dialogue, terms, cues, numbers, readable=bool(terms))
    return dialogue_state.add_turn(dialogue, terms, cues, numbers, SPARSE), turn


def customer_turns(signals: Iterable[Signal]) -> Iterator[tuple[Signal, Turn]]:
    """The customer turns of one conversation's messages, in order."""
    dialogue = new_dialogue()
    for signal in signals:
        dialogue, turn = add_message(dialogue, signal)
        if turn is not None:
            yield signal, turn
