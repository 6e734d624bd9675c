"""Labelled conversations as the live path sees them: the signals of every message, with the labels of its turns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from agents.common.errors import Failure
from agents.recordings import file, labelled_jsonl
from schemas.topics import Name
from streams.signals.extraction import Signal, extract_signal
from streams.text_model import turn_features
from streams.text_model.learner import Label, Turn

SOURCE = str(Name.MESSAGES)


class LabelledTurn(NamedTuple):
    """One customer turn.

    Attributes:
        number: its number among all turns of the conversation, as in the file.
        seen: whether its words are known.
        frustrated: the label; None without one.
        intensity: how frustrated, 0 to 1; None without a label.
        split: train, test, or None.
    """

    number: int
    seen: bool
    frustrated: bool | None
    intensity: float | None
    split: str | None


class Conversation(NamedTuple):
    """Signals of all messages in order, and the customer turns among them, in the same order."""

    id: str
    signals: tuple[Signal, ...]
    turns: tuple[LabelledTurn, ...]

    @property
    def is_test(self) -> bool:
        """Whether its predictions count; everything does in a file without splits."""
        return self.turns[0].split in (None, "test") if self.turns else True


def read_conversations(path: Path) -> list[Conversation]:
    """The conversations of a labelled file. ``Failure`` for an empty or unlabelled file."""
    rows = list(file.read_lines(path))
    if not rows:
        raise Failure(f"{path} is empty", "give a file of labelled conversations: see docs/events.md")
    if not labelled_jsonl.is_labelled(rows[0][1]):
        raise Failure(f"{path} has no labelled conversations", "the format is in docs/events.md")
    return [build_conversation(name, turns) for name, turns in labelled_jsonl.group_turns(path, rows).items()]


def build_conversation(name: str, turns: list[dict[str, Any]]) -> Conversation:
    """One conversation, with signals extracted as ingest does."""
    events = [
        labelled_jsonl.as_event(turn, labelled_jsonl.START_MS + i * labelled_jsonl.TURN_GAP_MS).event
        for i, turn in enumerate(turns)
    ]
    signals = tuple(extract_signal("message", event, (SOURCE, 0, i)) for i, event in enumerate(events))
    return Conversation(name, signals, tuple(build_turn(turn) for turn in turns if turn["speaker"] == "customer"))


def build_turn(turn: dict[str, Any]) -> LabelledTurn:
    frustrated = turn["frustrated"]
    return LabelledTurn(
        number=int(turn["turn"]),
        seen=turn["text"] is not None,
        frustrated=None if frustrated is None else bool(frustrated),
        intensity=turn.get("intensity"),
        split=turn.get("split"),
    )


def build_examples(conversation: Conversation) -> Iterator[tuple[Turn, Label]]:
    """Training examples of a conversation: features and label of its labelled turns."""
    before: LabelledTurn | None = None
    for turn, (_, features) in zip(conversation.turns, turn_features.customer_turns(conversation.signals), strict=True):
        if turn.frustrated is None:
            continue
        yield features, Label(turn.frustrated, has_risen(before, turn))
        before = turn


def has_risen(before: LabelledTurn | None, turn: LabelledTurn) -> bool | None:
    """Whether a labelled turn is more frustrated than the labelled one before; None if unknown."""
    if before is None or before.intensity is None or turn.intensity is None:
        return None
    return turn.intensity > before.intensity
