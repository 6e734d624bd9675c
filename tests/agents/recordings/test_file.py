"""The recording file: reproducible bytes, round trips, and what is refused."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.common.errors import Failure
from agents.recordings import file
from agents.recordings.model import Event, Recording, Truth
from agents.simulator import simulate

HEADER = {"recording": "tenor", "version": 1, "seed": None}
MESSAGE = {"event_id": "a:1", "conversation_id": "a", "event_time": 1_772_409_600_000, "participant_role": "customer"}
EVENT = {"topic": "conversation.messages", "key": "a", "event": MESSAGE}
TRUTH = {"conversation_id": "a", "turn": 1, "event_time": 1_772_409_600_000, "frustration": 0.7, "frustrated": True}
TURN = {"conversation_id": "7", "turn": 0, "speaker": "customer", "text": "Hi", "frustrated": 0, "intensity": 0.25}

Saved = Callable[..., Path]


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """Writes objects as JSON lines."""

    def save(*rows: Any) -> Path:
        path = tmp_path / "file.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return save


def failure_of(path: Path) -> str:
    with pytest.raises(Failure) as caught:
        file.read(path)
    return caught.value.message


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.gz"])
def test_what_is_written_is_read_back_and_the_bytes_repeat(tmp_path: Path, name: str) -> None:
    lines = tuple(simulate(5, 12))
    paths = [tmp_path / "first" / name, tmp_path / "second" / name]
    for path in paths:
        path.parent.mkdir()
        file.write(path, simulate(5, 12), seed=5)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert file.read(paths[0]) == Recording(5, lines)


def test_gzip_changes_nothing_but_the_size(tmp_path: Path) -> None:
    plain, packed = tmp_path / "day.jsonl", tmp_path / "day.jsonl.gz"
    for path in (plain, packed):
        file.write(path, simulate(5, 3), seed=5)
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    packed.rename(tmp_path / "renamed")
    assert file.read(tmp_path / "renamed") == file.read(plain)


def test_events_and_truths_are_separate(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    file.write(path, simulate(5, 3))
    read = file.read(path)
    assert len(read.events) + len(read.truths) == len(read.lines) > len(read.events) > 0
    assert "truth" not in json.dumps([event.event for event in read.events])


def test_fields_left_out_get_their_defaults(saved: Saved) -> None:
    [event] = file.read(saved(HEADER, EVENT)).events
    assert event.event["tenant"] == "default"
    assert event.event["text"] is None


def test_a_writable_place_is_needed(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be written"):
        file.write(tmp_path / "nowhere" / "day.jsonl", [])


# --- what is refused ---


def test_a_missing_file(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in failure_of(tmp_path / "none.jsonl")


def test_a_folder(tmp_path: Path) -> None:
    assert "cannot be read" in failure_of(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(content)
    assert failure_of(path) == f"{path} is empty."


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"not json\n", "line 1: not JSON at character 0"),
        (b'{"recording": "tenor", "version": 1}\n\n{"topic": \n', "line 3: not JSON at character"),
        (b'{"recording": "tenor", "version": 1}\n[1]\n', "line 2: not a JSON object"),
        (b'{"recording": "tenor", "version": 1}\n"\xff"\n', "line 2: not UTF-8"),
        (b"[" * 100_000, "line 1: nested too deeply"),
    ],
)
def test_what_is_not_json_lines(tmp_path: Path, content: bytes, detail: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    assert failure_of(path).startswith(f"{path}, {detail}")


def test_a_torn_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "torn.jsonl.gz"
    file.write(path, simulate(5, 3))
    path.write_bytes(path.read_bytes()[:-20])
    assert "is not a complete gzip file" in failure_of(path)
    path.write_bytes(b"\x1f\x8b" + b"rubbish")
    assert "is not a complete gzip file" in failure_of(path)


def test_another_format_or_version(saved: Saved) -> None:
    assert "line 1: neither the header of a recording nor a labelled turn" in failure_of(saved({"a": 1}))
    assert "line 1: unsupported recording version 2; this program reads 1" in failure_of(saved(HEADER | {"version": 2}))


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (EVENT | {"topic": "conversation.nonsense"}, "unknown topic 'conversation.nonsense'"),
        (EVENT | {"topic": "tenor.signals"}, "unknown topic 'tenor.signals'"),
        (EVENT | {"key": "b"}, "the key is not the conversation_id"),
        ({"topic": "conversation.messages"}, "KeyError: 'event'"),
        (EVENT | {"event": MESSAGE | {"event_time": "soon"}}, "event_time must be milliseconds"),
        (EVENT | {"event": MESSAGE | {"txt": "hello"}}, "unknown field txt; did you mean text?"),
        (EVENT | {"event": {}}, "event_id is missing"),
        ({"truth": {}}, "KeyError: 'frustration'"),
        ({"truth": 1}, "TypeError"),
        ({"truth": TRUTH | {"turn": "one"}}, "ValueError"),
    ],
)
def test_a_line_that_cannot_be_used(saved: Saved, line: Any, detail: str) -> None:
    path = saved(HEADER, EVENT, {"truth": TRUTH}, line)
    message = failure_of(path)
    assert message.startswith(f"{path}, line 4: ")
    assert detail in message


# --- labelled conversations ---


def test_labelled_conversations_become_messages_and_truths(saved: Saved) -> None:
    answer = {**TURN, "turn": 1, "speaker": "operator", "frustrated": None, "intensity": None}
    unseen = {**TURN, "turn": 2, "text": None, "frustrated": 1, "intensity": None}
    unlabelled = {**TURN, "turn": 3, "frustrated": None}
    read = file.read(saved(TURN, answer, unseen, unlabelled))
    assert read.seed is None
    first = read.events[0].event["event_time"]
    assert [(e.event["event_id"], e.event["participant_role"], e.event["text"]) for e in read.events] == [
        ("7:0", "customer", "Hi"),
        ("7:1", "operator", "Hi"),
        ("7:2", "customer", None),
        ("7:3", "customer", "Hi"),
    ]
    assert [e.event["event_time"] - first for e in read.events] == [0, 45_000, 90_000, 135_000]
    assert all((e.topic, e.key, e.event["channel"]) == ("conversation.messages", "7", "chat") for e in read.events)
    assert read.truths == (Truth("7", 1, first, 0.25, False), Truth("7", 2, first + 90_000, None, True))


def test_labelled_conversations_overlap_in_time_order(saved: Saved) -> None:
    rows = [{**TURN, "conversation_id": c, "turn": t} for c in ("x", "y", "z") for t in range(6)]
    read = file.read(saved(*rows))
    times = [event.event["event_time"] for event in read.events]
    assert times == sorted(times)
    keys = [event.key for event in read.events]
    assert keys != sorted(keys)
    assert [event.event["event_id"] for event in read.events if event.key == "y"] == [f"y:{t}" for t in range(6)]
    assert read == file.read(saved(*rows))


def test_an_event_is_followed_by_its_truth(saved: Saved) -> None:
    event, truth = file.read(saved(TURN)).lines
    assert isinstance(event, Event) and isinstance(truth, Truth)
    assert truth.event_time == event.event["event_time"]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"speaker": "parrot"}, "speaker must be one of customer, operator, bot"),
        ({"frustrated": 2}, "frustrated must be 0, 1 or null"),
        ({"text": 5}, "text must be a string or null"),
        ({"intensity": "high"}, "intensity must be 0 to 1 or null"),
    ],
)
def test_a_labelled_turn_that_cannot_be_used(saved: Saved, change: dict[str, Any], detail: str) -> None:
    assert failure_of(saved(TURN, TURN | change)).endswith(f"line 2: {detail}")


def test_a_labelled_turn_with_a_gap(saved: Saved) -> None:
    assert failure_of(saved(TURN, {"conversation_id": "7", "speaker": "customer"})).endswith("line 2: turn is missing")
