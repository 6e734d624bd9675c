"""A bounded cache of the last customer turns of recent conversations, for labels that come later.

It keeps a conversation's dialogue as the fold does: a repeated message counts once, and silence starts a new one.
"""

from array import array
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from streams.text_model import turn_features
from streams.text_model.dialogue_state import Features
from streams.text_model.labels import MessageLabel, Rating
from streams.text_model.learner import Label, SparseDialogue, Turn

Signal = Mapping[str, Any]
Packed = tuple["array[int]", "array[float]"]  # a tenth of the memory of a dictionary


class CachedTurn(NamedTuple):
    """A cached customer turn.

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
    """A cached conversation.

    Attributes:
        last_at: the highest event time seen, milliseconds.
        customer: customer ID, from the last event that has one; None while unknown.
        positions: last offset of its messages, by topic and partition.
        marked: time and intensity of the latest message that has an intensity label.
    """

    collected: SparseDialogue
    last_at: int
    positions: dict[tuple[str, int], int]
    turns: "deque[CachedTurn]"
    marked: tuple[int, float] | None = None
    customer: str | None = None


class TurnCache:
    """Caches turns.

    Args:
        conversations: maximum number of conversations; the one silent for longest is dropped first.
        turns: maximum number of turns per conversation, the latest.
        idle_ms: a conversation silent for this long starts again, milliseconds.
    """

    def __init__(self, conversations: int, turns: int, idle_ms: int) -> None:
        self._most, self._turns, self._idle_ms = conversations, turns, idle_ms
        self._conversations: OrderedDict[tuple[str, str], CachedConversation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._conversations)

    def add(self, signal: Signal) -> None:
        """Add one signal of a conversation, or forget a customer."""
        if signal["kind"] == "forget":
            return self._forget(signal["tenant"], signal["customer_id"])
        key, at = (signal["tenant"], signal["conversation_id"]), signal["event_time"]
        conversation = self._conversations.get(key)
        if conversation is None:
            if signal["kind"] != "message":
                return
            conversation = self._conversations[key] = CachedConversation(
                turn_features.new_dialogue(), at, {}, deque(maxlen=self._turns)
            )
            if len(self._conversations) > self._most:
                self._conversations.popitem(last=False)
        self._conversations.move_to_end(key)
        if at >= conversation.last_at + self._idle_ms:
            conversation.collected = turn_features.new_dialogue()
        conversation.customer = signal["customer_id"] or conversation.customer
        conversation.last_at = max(conversation.last_at, at)
        if signal["kind"] == "message":
            add_message(conversation, signal)

    def _forget(self, tenant: str, customer: str) -> None:
        for key in [
            key
            for key, conversation in self._conversations.items()
            if (key[0], conversation.customer) == (tenant, customer)
        ]:
            del self._conversations[key]

    def match_rating(self, rating: Rating, label: MessageLabel) -> tuple[Turn, Label] | None:
        """The turn a rating is about, with its label; None when the turn is not, or no longer, cached."""
        conversation = self._conversations.get((rating["tenant"], rating["conversation_id"]))
        cached = None if conversation is None else find_turn(conversation.turns, rating)
        if conversation is None or cached is None:
            return None
        turn = Turn(unpack(cached.before), None if cached.read is None else unpack(cached.read))
        return turn, Label(label.frustrated, compare_intensity(conversation, cached.at, label.intensity))


def add_message(conversation: CachedConversation, signal: Signal) -> None:
    """Add a message, once."""
    source = signal["source"]
    partition, offset = (source["topic"], source["partition"]), source["offset"]
    if offset <= conversation.positions.get(partition, -1):
        return
    conversation.positions[partition] = offset
    conversation.collected, turn = turn_features.add_message(conversation.collected, signal)
    if turn is not None:
        features_read = None if turn.read is None else pack(turn.read)
        conversation.turns.append(
            CachedTurn(signal["event_id"], signal["event_time"], pack(turn.before), features_read)
        )


def find_turn(turns: "deque[CachedTurn]", rating: Rating) -> CachedTurn | None:
    """The turn a rating names, or else the last one before the rating."""
    message_id, at = rating["message_id"], rating["event_time"]
    matching = (turn for turn in reversed(turns) if (turn.at <= at if message_id is None else turn.id == message_id))
    return next(matching, None)


def compare_intensity(conversation: CachedConversation, at: int, intensity: float | None) -> bool | None:
    """Whether a message is labelled more intense than the previous labelled one; None when unknown."""
    earlier = conversation.marked
    if intensity is None or (earlier is not None and earlier[0] >= at):
        return None
    conversation.marked = at, intensity
    return None if earlier is None else intensity > earlier[1]


def pack(features: Features) -> Packed:
    return array("i", features), array("d", features.values())


def unpack(packed: Packed) -> Features:
    return dict(zip(*packed, strict=True))
