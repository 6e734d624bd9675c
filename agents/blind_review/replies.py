"""Finds the reply to each decision: the first by an operator or bot in its window. Pure; fed in offset order."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MESSAGE_EXPIRED = "its message is no longer in the topic"
NO_REPLY = "no reply within the window"
SUPERSEDED = "another decision before the reply"
NO_TEXT = "words unknown"
REPEATED = "not the first of its conversation"
UNBLINDING = "the reply quotes text of an intervention"

Position = tuple[int, int]


class Decision(NamedTuple):
    """A decision point at which both intervention and control could have been drawn.

    Attributes:
        level: frustration level, about −1 to 1.
        turn: number of the customer turn it follows, from 1.
        window_turns, until: customer turns after it, and event time in milliseconds, at which its window closes.
        at: partition and offset of the customer's message.
    """

    decision_id: str
    tenant: str
    conversation_id: str
    customer_id: str | None
    channel: str
    control: bool
    level: float
    turn: int
    window_turns: int
    until: int
    at: Position


class Exchange(NamedTuple):
    """The customer's messages from the decision on, and the reply to them."""

    decision: Decision
    customer_text: str
    reply: str

    @property
    def words(self) -> int:
        """Length of the reply."""
        return len(self.reply.split())


@dataclass
class PendingReply:
    """A decision that waits for its reply."""

    decision: Decision
    customer_text: list[str | None]


@dataclass
class ReplyFinder:
    """Finds exchanges in a stream of messages, one per conversation.

    Args:
        decisions: whose replies are looked for.
        unblinds: whether a reply gives its decision's arm away.
    """

    decisions: Iterable[Decision]
    unblinds: Callable[[Decision, str], bool]
    found: dict[tuple[str, str], Exchange] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._at = {decision.at: decision for decision in self.decisions}
        self._open: dict[tuple[str, str], PendingReply] = {}

    def add(self, at: Position, message: Mapping[str, Any]) -> None:
        """Add a message of any conversation."""
        conversation = (message["tenant"], message["conversation_id"])
        decision = self._at.pop(at, None)
        if decision is not None:
            self._start(conversation, PendingReply(decision, [message["text"]]))
        elif conversation in self._open:
            self._continue(conversation, self._open[conversation], message)

    def exchanges(self) -> list[Exchange]:
        """The exchanges found; call it after the last message."""
        self.left_out[MESSAGE_EXPIRED] += len(self._at)
        self.left_out[NO_REPLY] += len(self._open)
        return list(self.found.values())

    def _start(self, conversation: tuple[str, str], pending: PendingReply) -> None:
        if conversation in self.found:
            self.left_out[REPEATED] += 1
            return
        self.left_out[SUPERSEDED] += conversation in self._open
        self._open[conversation] = pending

    def _continue(self, conversation: tuple[str, str], pending: PendingReply, message: Mapping[str, Any]) -> None:
        if message["event_time"] > pending.decision.until:
            self._drop(conversation, NO_REPLY)
        elif message["participant_role"] != "customer":
            self._answer(conversation, pending, message["text"])
        else:
            pending.customer_text.append(message["text"])
            if len(pending.customer_text) > pending.decision.window_turns:
                self._drop(conversation, NO_REPLY)

    def _answer(self, conversation: tuple[str, str], pending: PendingReply, reply: str | None) -> None:
        customer_text = [text for text in pending.customer_text if text is not None and text.strip()]
        if reply is None or not reply.strip() or len(customer_text) < len(pending.customer_text):
            self._drop(conversation, NO_TEXT)
        elif self.unblinds(pending.decision, reply):
            self._drop(conversation, UNBLINDING)
        else:
            del self._open[conversation]
            self.found[conversation] = Exchange(pending.decision, "\n".join(customer_text), reply)

    def _drop(self, conversation: tuple[str, str], why: str) -> None:
        del self._open[conversation]
        self.left_out[why] += 1
