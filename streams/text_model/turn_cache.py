"""Turns: the last customer turns of recent conversations with their features, for labels that come later. Bounded.

A conversation's dialogue is kept as the fold keeps it: a repeat counts once, and silence begins it anew.
"""

from array import array
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from streams.text_model import turn_features
from streams.text_model.dialogue_state import Features
from streams.text_model.labels import MessageLabel, Rating
from streams.text_model.learner import Collected, Label, Turn

Signal = Mapping[str, Any]
Packed = tuple["array[int]", "array[float]"]  # a tenth of what the dictionary takes


class CachedTurn(NamedTuple):
    """A customer turn.

    Attributes:
        id: event_id of the message.
        at: when it was written, milliseconds.
    """

    id: str
    at: int
    before: Packed
    read: Packed | None


@dataclass
class CachedConversation:
    """One conversation.

    Attributes:
        last_at: the highest event time seen, milliseconds.
        customer: id of the customer, as last said; None while unknown.
        positions: last offset of its messages, by topic and partition.
        marked: time and intensity of the latest message whose intensity a person told.
    """

    collected: Collected
    last_at: int
    positions: dict[tuple[str, int], int]
    turns: "deque[CachedTurn]"
    marked: tuple[int, float] | None = None
    customer: str | None = None


class TurnCache:
    """Remembers turns.

    Args:
        conversations: most conversations; who has been silent longest is forgotten first.
        turns: most turns of each, the last ones.
        idle_ms: a conversation silent for this long begins anew, milliseconds.
    """

    def __init__(self, conversations: int, turns: int, idle_ms: int) -> None:
        self._most, self._turns, self._idle_ms = conversations, turns, idle_ms
        self._known: OrderedDict[tuple[str, str], CachedConversation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def take(self, signal: Signal) -> None:
        """Take in one signal of a conversation, or the wish that a customer be forgotten."""
        if signal["kind"] == "forget":
            return self._forget(signal["tenant"], signal["customer_id"])
        key, at = (signal["tenant"], signal["conversation_id"]), signal["event_time"]
        known = self._known.get(key)
        if known is None:
            if signal["kind"] != "message":
                return
            known = self._known[key] = CachedConversation(turn_features.start(), at, {}, deque(maxlen=self._turns))
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        if at >= known.last_at + self._idle_ms:
            known.collected = turn_features.start()
        known.customer = signal["customer_id"] or known.customer
        known.last_at = max(known.last_at, at)
        if signal["kind"] == "message":
            read(known, signal)

    def _forget(self, tenant: str, customer: str) -> None:
        for key in [key for key, one in self._known.items() if (key[0], one.customer) == (tenant, customer)]:
            del self._known[key]

    def lesson(self, rating: Rating, mark: MessageLabel) -> tuple[Turn, Label] | None:
        """The turn a rating judges, with what it says; None when the turn is not known (any more)."""
        known = self._known.get((rating["tenant"], rating["conversation_id"]))
        kept = None if known is None else judged(known.turns, rating)
        if known is None or kept is None:
            return None
        turn = Turn(unpacked(kept.before), None if kept.read is None else unpacked(kept.read))
        return turn, Label(mark.frustrated, rose(known, kept.at, mark.intensity))


def read(known: CachedConversation, signal: Signal) -> None:
    """Take in one message, once."""
    source = signal["source"]
    place, offset = (source["topic"], source["partition"]), source["offset"]
    if offset <= known.positions.get(place, -1):
        return
    known.positions[place] = offset
    known.collected, turn = turn_features.step(known.collected, signal)
    if turn is not None:
        seen = None if turn.read is None else packed(turn.read)
        known.turns.append(CachedTurn(signal["event_id"], signal["event_time"], packed(turn.before), seen))


def judged(turns: "deque[CachedTurn]", rating: Rating) -> CachedTurn | None:
    """The turn a rating names; without a name the last one before it."""
    wanted, at = rating["message_id"], rating["event_time"]
    found = (turn for turn in reversed(turns) if (turn.at <= at if wanted is None else turn.id == wanted))
    return next(found, None)


def rose(known: CachedConversation, at: int, intensity: float | None) -> bool | None:
    """Whether a message is marked as more intense than the one marked before; None where that is not known."""
    before = known.marked
    if intensity is None or (before is not None and before[0] >= at):
        return None
    known.marked = at, intensity
    return None if before is None else intensity > before[1]


def packed(features: Features) -> Packed:
    return array("i", features), array("d", features.values())


def unpacked(kept: Packed) -> Features:
    return dict(zip(*kept, strict=True))
