"""From signals to what the learner learns from: a conversation's customer turns with their features.

The learner keeps a dialogue of its own for every open conversation, in the same code the fold uses.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streams.text_model import dialogue_state
from streams.text_model.learner import COLLECTION, Collected, Turn, turn_of

Signal = Mapping[str, Any]


def start() -> Collected:
    """A dialogue before anything was said."""
    return dialogue_state.start(COLLECTION)


def step(collected: Collected, signal: Signal) -> tuple[Collected, Turn | None]:
    """The dialogue after a message, and the turn if it was a customer's."""
    found, cues, numbers = signal["terms"], signal["cues"], signal["features"]
    if signal["participant_role"] != "customer":
        return dialogue_state.answered(collected, found, cues, numbers, COLLECTION), None
    turn = turn_of(collected, found, cues, numbers, readable=bool(found))
    return dialogue_state.after(collected, found, cues, numbers, COLLECTION), turn


def turns(signals: Iterable[Signal]) -> Iterator[tuple[Signal, Turn]]:
    """The customer turns of one conversation's messages, in order."""
    collected = start()
    for signal in signals:
        collected, turn = step(collected, signal)
        if turn is not None:
            yield signal, turn
