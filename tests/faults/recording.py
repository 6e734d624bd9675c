"""What is on the bus while faults are injected: numbered events, the same in every run but for their beginning.

A conversation lives for twelve turns, half a minute of event time between two, and is then silent for good: within a
case conversations open, are decided about, end by silence and are forgotten. Slot follows slot, so event times rise.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

from schemas.codec import Codec
from schemas.records import record
from schemas.topics import RECORD_OF, Name
from tests.support.bus_events import ANGRY, CALM, burst, click, frame, message, rating

TURNS, GAP_MS = 12, 30_000
MESSAGES: tuple[str, ...] = ("message",)
MIXED = ("message", "keystrokes", "message", "navigation", "message", "prosody", "message", "rating")
TOPIC = {
    "message": Name.MESSAGES,
    "keystrokes": Name.KEYSTROKES,
    "navigation": Name.NAVIGATION,
    "prosody": Name.PROSODY,
    "rating": Name.RATINGS,
}


class Event(NamedTuple):
    """One record to publish."""

    topic: Name
    key: str
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Recording:
    """Events without end.

    Args:
        kinds: of events, in turn. MESSAGES alone can be held against a run without faults; where topics race each
            other, two runs without faults differ, too.
        slots: conversations that are open at a time.
        start_ms: event time of the first event, milliseconds.
        change: what else is done to an event; None leaves it out. Given its number and the event.
    """

    def __init__(
        self,
        start_ms: int,
        kinds: tuple[str, ...] = MESSAGES,
        slots: int = 80,
        change: Callable[[int, dict[str, Any]], dict[str, Any] | None] | None = None,
    ) -> None:
        self._start_ms, self._kinds, self._slots, self._change = start_ms, kinds, slots, change
        self._random, self._codec = Random(1), Codec()

    def __iter__(self) -> Iterator[Event]:
        number = 0
        while True:
            kind, event = self._made(number)
            changed = self._change(number, event) if self._change else event
            if changed is not None:
                topic = TOPIC[kind]
                value = self._codec.encode(record(RECORD_OF[topic]), changed)
                yield Event(topic, changed["conversation_id"], value)
            number += 1

    def _made(self, number: int) -> tuple[str, dict[str, Any]]:
        turn, slot = divmod(number, self._slots)
        life, turn = divmod(turn, TURNS)
        kind = self._kinds[(turn + slot) % len(self._kinds)]
        known = {
            "event_id": f"event-{number}",
            "event_time": self._start_ms + (number * GAP_MS) // self._slots,
            "customer_id": None if self._kinds == MESSAGES else f"customer-{slot}",
        }
        return kind, MAKE[kind](f"conversation-{life}-{slot}", self._random, turn) | known


def said(name: str, random: Random, turn: int) -> dict[str, Any]:
    """A turn of the customer, or every third time of an operator; half of the customers get angry."""
    angry = turn > 3 and random.random() < 0.6
    text = f"{ANGRY if angry else CALM} {random.randint(1000, 9999)}"
    return message(name, text, participant_role="operator" if turn % 3 == 2 else "customer")


MAKE: dict[str, Callable[[str, Random, int], dict[str, Any]]] = {
    "message": said,
    "keystrokes": lambda name, random, turn: burst(name),
    "navigation": lambda name, random, turn: click(name, x=random.uniform(0, 1200)),
    "prosody": lambda name, random, turn: frame(name, loudness_db=random.uniform(-30, -12)),
    "rating": lambda name, random, turn: rating(name, felt_understood=random.random() < 0.5),
}
