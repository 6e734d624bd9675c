"""The reply to each decision: the first an operator or bot wrote within its window. Pure; fed in the log's order."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

GONE = "its message is no longer in the topic"
NO_REPLY = "no reply within the window"
OVERTAKEN = "another decision before the reply"
WORDLESS = "words unknown"
AGAIN = "not the first of its conversation"
TELLING = "the reply quotes what only an intervention says"

Position = tuple[int, int]


class Decision(NamedTuple):
    """A decision point at which both intervention and control could have been drawn.

    Attributes:
        level: of the frustration signal, about −1 to 1.
        turn: customer turn it follows, from 1.
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
    """What the customer wrote from the decision on, and the reply to it."""

    decision: Decision
    asked: str
    reply: str

    @property
    def words(self) -> int:
        """Length of the reply."""
        return len(self.reply.split())


@dataclass
class PendingReply:
    """A decision whose reply has not come yet."""

    decision: Decision
    asked: list[str | None]


@dataclass
class ReplyFinder:
    """Finds exchanges while the messages pass by, one a conversation.

    Args:
        decisions: whose replies are looked for.
        telling: whether a reply gives its decision's arm away.
    """

    decisions: Iterable[Decision]
    telling: Callable[[Decision, str], bool]
    found: dict[tuple[str, str], Exchange] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._at = {decision.at: decision for decision in self.decisions}
        self._open: dict[tuple[str, str], PendingReply] = {}

    def take(self, at: Position, message: Mapping[str, Any]) -> None:
        """One message of any conversation."""
        talk = (message["tenant"], message["conversation_id"])
        decision = self._at.pop(at, None)
        if decision is not None:
            self._begin(talk, PendingReply(decision, [message["text"]]))
        elif talk in self._open:
            self._go_on(talk, self._open[talk], message)

    def finish(self) -> list[Exchange]:
        """What was found, once every message has passed."""
        self.left_out[GONE] += len(self._at)
        self.left_out[NO_REPLY] += len(self._open)
        return list(self.found.values())

    def _begin(self, talk: tuple[str, str], awaiting: PendingReply) -> None:
        if talk in self.found:
            self.left_out[AGAIN] += 1
            return
        self.left_out[OVERTAKEN] += talk in self._open
        self._open[talk] = awaiting

    def _go_on(self, talk: tuple[str, str], awaiting: PendingReply, message: Mapping[str, Any]) -> None:
        if message["event_time"] > awaiting.decision.until:
            self._drop(talk, NO_REPLY)
        elif message["participant_role"] != "customer":
            self._answer(talk, awaiting, message["text"])
        else:
            awaiting.asked.append(message["text"])
            if len(awaiting.asked) > awaiting.decision.window_turns:
                self._drop(talk, NO_REPLY)

    def _answer(self, talk: tuple[str, str], awaiting: PendingReply, reply: str | None) -> None:
        asked = [text for text in awaiting.asked if text is not None and text.strip()]
        if reply is None or not reply.strip() or len(asked) < len(awaiting.asked):
            self._drop(talk, WORDLESS)
        elif self.telling(awaiting.decision, reply):
            self._drop(talk, TELLING)
        else:
            del self._open[talk]
            self.found[talk] = Exchange(awaiting.decision, "\n".join(asked), reply)

    def _drop(self, talk: tuple[str, str], why: str) -> None:
        del self._open[talk]
        self.left_out[why] += 1
