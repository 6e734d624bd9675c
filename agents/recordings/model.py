"""The parts of a recording, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from agents.common.errors import Failure


class Event(NamedTuple):
    """One event to publish.

    Attributes:
        topic: its topic, without the deployment's prefix.
        key: conversation id.
        event: the event, with every field of its contract.
    """

    topic: str
    key: str
    event: Mapping[str, Any]


class Truth(NamedTuple):
    """The ground truth of one customer turn.

    Attributes:
        turn: customer turn of the conversation, from 1.
        event_time: time of the turn, milliseconds.
        frustration: 0 (none) to 1 (furious); None where only the label is known.
        frustrated: the label.
    """

    conversation_id: str
    turn: int
    event_time: int
    frustration: float | None
    frustrated: bool


Line = Event | Truth


@dataclass(frozen=True)
class Recording:
    """Events and truths in event-time order. ``seed`` is that of a simulated recording, otherwise None."""

    seed: int | None
    lines: tuple[Line, ...]

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The events that a replay publishes."""
        return tuple(line for line in self.lines if isinstance(line, Event))

    @cached_property
    def truths(self) -> tuple[Truth, ...]:
        """The ground truth to evaluate it with."""
        return tuple(line for line in self.lines if isinstance(line, Truth))


def line_error(path: Path, number: int, detail: str) -> Failure:
    """The ``Failure`` for an invalid line of a file; ``detail`` does not quote it."""
    return Failure(f"{path}, line {number}: {detail}")
