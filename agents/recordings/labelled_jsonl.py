"""Labelled conversations in a neutral format, as message events.

One JSON object a line, a turn each: ``conversation_id``, ``turn``, ``speaker`` (customer or operator), ``text``
(null where it is unknown), ``frustrated`` (0, 1 or null), ``intensity`` (0 to 1 or null). The format has no times, so
they are invented, always the same: turns 45 s apart, conversations starting 2 min apart.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

from agents.recordings.model import Event, Line, Truth, line_error
from schemas.errors import Rejected
from schemas.json_form import read_record
from schemas.records import record
from schemas.topics import Name

START_MS = 1_772_409_600_000  # 2026-03-02 00:00 UTC
CONVERSATION_GAP_MS = 120_000
TURN_GAP_MS = 45_000
SPEAKERS = ("customer", "operator", "bot")
REQUIRED = ("conversation_id", "turn", "speaker", "text", "frustrated")

Row = tuple[int, dict[str, Any]]


def is_labelled(first: dict[str, Any]) -> bool:
    """Whether a file with this first object holds labelled conversations."""
    return "speaker" in first and "conversation_id" in first


def parse_lines(path: Path, rows: Iterable[Row]) -> list[Line]:
    """Events and truths of a file's rows (line number and object), merged in event-time order."""
    conversations = group_turns(path, rows).values()
    starts = range(START_MS, START_MS + len(conversations) * CONVERSATION_GAP_MS, CONVERSATION_GAP_MS)
    timed = (convert_conversation(turns, start) for start, turns in zip(starts, conversations, strict=True))
    return [line for _, line in sorted(chain.from_iterable(timed), key=itemgetter(0))]


def group_turns(path: Path, rows: Iterable[Row]) -> dict[str, list[dict[str, Any]]]:
    """Checked turns by conversation, in the order of the file."""
    conversations: dict[str, list[dict[str, Any]]] = {}
    for number, turn in rows:
        check_turn(path, number, turn)
        conversations.setdefault(str(turn["conversation_id"]), []).append(turn)
    return conversations


def check_turn(path: Path, number: int, turn: dict[str, Any]) -> None:
    """Raises ``Failure`` that names the line of an invalid turn."""
    missing = [name for name in REQUIRED if name not in turn]
    if missing:
        raise line_error(path, number, f"{missing[0]} is missing")
    if not isinstance(turn["turn"], int):
        raise line_error(path, number, "turn must be an integer")
    if turn["speaker"] not in SPEAKERS:
        raise line_error(path, number, f"speaker must be one of {', '.join(SPEAKERS)}")
    if turn["frustrated"] not in (0, 1, None):
        raise line_error(path, number, "frustrated must be 0, 1 or null")
    if not isinstance(turn["text"], str | None):
        raise line_error(path, number, "text must be a string or null")
    intensity = turn.get("intensity")
    if intensity is not None and not (isinstance(intensity, int | float) and 0 <= intensity <= 1):
        raise line_error(path, number, "intensity must be 0 to 1 or null")
    try:
        as_event(turn, START_MS)
    except Rejected as rejected:
        raise line_error(path, number, rejected.detail) from None


def convert_conversation(turns: list[dict[str, Any]], start: int) -> Iterator[tuple[int, Line]]:
    """One conversation's lines with their times."""
    customer_turn = 0
    for index, turn in enumerate(turns):
        at = start + index * TURN_GAP_MS
        customer_turn += turn["speaker"] == "customer"
        yield at, as_event(turn, at)
        if turn["speaker"] == "customer" and turn["frustrated"] is not None:
            yield at, as_truth(turn, customer_turn, at)


def as_event(turn: dict[str, Any], at: int) -> Event:
    conversation_id = str(turn["conversation_id"])
    event = {
        "event_id": f"{conversation_id}:{turn['turn']}",
        "conversation_id": conversation_id,
        "event_time": at,
        "channel": "chat",
        "participant_role": turn["speaker"],
        "text": turn["text"],
    }
    return Event(str(Name.MESSAGES), conversation_id, read_record(record("message").published, event, ""))


def as_truth(turn: dict[str, Any], customer_turn: int, at: int) -> Truth:
    intensity = turn.get("intensity")
    return Truth(
        conversation_id=str(turn["conversation_id"]),
        turn=customer_turn,
        event_time=at,
        frustration=None if intensity is None else float(intensity),
        frustrated=bool(turn["frustrated"]),
    )
