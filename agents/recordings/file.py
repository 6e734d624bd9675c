"""Recordings: a file of events that a replay publishes, with the ground truth to evaluate them.

A recording is JSON lines, gzipped where the name ends in ``.gz``: a header, then events and truths in event-time
order. A truth is the true frustration of a customer turn. Labelled conversations in the neutral format of
``agents.recordings.labelled_jsonl`` are read as well.
"""

import gzip
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agents.common.errors import Failure
from agents.common.files import file_errors, read_bytes
from agents.recordings import labelled_jsonl
from agents.recordings.model import Event, Line, Recording, Truth, line_error
from schemas.errors import Rejected
from schemas.json_form import parse, read_record
from schemas.records import record
from schemas.topics import INGESTED, RECORD_OF, Name

__all__ = ["Event", "Line", "Recording", "Truth", "read", "write"]

NAME = "tenor"
VERSION = 1
RECORDED = (*INGESTED, Name.RATINGS, Name.ASSIGNMENTS)
GZIP = b"\x1f\x8b"


def write(path: Path, lines: Iterable[Line], seed: int | None = None) -> None:
    """Write a recording; the same lines give the same bytes. Raises ``Failure`` when the file cannot be written."""
    header = {"recording": NAME, "version": VERSION, "seed": seed}
    with file_errors(path, "written"), path.open("wb") as raw:
        if path.suffix == ".gz":
            # No name and no time in the gzip header, so that the bytes depend only on the lines.
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                packed.writelines(map(encode_line, (header, *map(as_json, lines))))
        else:
            raw.writelines(map(encode_line, (header, *map(as_json, lines))))


def encode_line(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def as_json(line: Line) -> dict[str, Any]:
    return line._asdict() if isinstance(line, Event) else {"truth": line._asdict()}


def read(path: Path) -> Recording:
    """Read a recording or labelled conversations, recognised by their content.

    Raises ``Failure`` that names the file and the invalid line, without quoting it.
    """
    rows = list(read_lines(path))
    if not rows:
        raise Failure(f"{path} is empty.", "A recording begins with a header line.")
    if labelled_jsonl.is_labelled(rows[0][1]):
        return Recording(None, tuple(labelled_jsonl.parse_lines(path, rows)))
    header = check_header(path, *rows[0])
    return Recording(header.get("seed"), tuple(parse_line(path, number, value) for number, value in rows[1:]))


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file with their line numbers; blank lines are skipped."""
    for number, text in enumerate(io.BytesIO(read_content(path)), 1):
        if not text.strip():
            continue
        try:
            value = parse(text)
        except Rejected as rejected:
            raise line_error(path, number, rejected.detail) from None
        if not isinstance(value, dict):
            raise line_error(path, number, "not a JSON object")
        yield number, value


def read_content(path: Path) -> bytes:
    data = read_bytes(path)
    try:
        return gzip.decompress(data) if data[:2] == GZIP else data
    except (OSError, EOFError, ValueError) as error:
        raise Failure(f"{path} is not a complete gzip file: {error}.") from None


def check_header(path: Path, number: int, header: dict[str, Any]) -> dict[str, Any]:
    if header.get("recording") != NAME:
        raise line_error(path, number, "neither the header of a recording nor a labelled turn")
    if header.get("version") != VERSION:
        raise line_error(
            path, number, f"unsupported recording version {header.get('version')}; this program reads {VERSION}"
        )
    return header


def parse_line(path: Path, number: int, value: dict[str, Any]) -> Line:
    """One line after the header."""
    try:
        return parse_truth(value["truth"]) if "truth" in value else parse_event(value)
    except Rejected as rejected:
        raise line_error(path, number, rejected.detail) from None
    except (KeyError, TypeError, ValueError) as error:
        raise line_error(path, number, f"not a line of a recording ({type(error).__name__}: {error})") from None


def parse_event(value: dict[str, Any]) -> Event:
    if value["topic"] not in RECORDED:
        raise ValueError(f"unknown topic {value['topic']!r}")
    topic = Name(value["topic"])
    datum = read_record(record(RECORD_OF[topic]).published, value["event"], "")
    if value["key"] != datum["conversation_id"]:
        raise ValueError("the key is not the conversation_id")
    return Event(str(topic), datum["conversation_id"], datum)


def parse_truth(value: dict[str, Any]) -> Truth:
    frustration = value["frustration"]
    return Truth(
        conversation_id=str(value["conversation_id"]),
        turn=int(value["turn"]),
        event_time=int(value["event_time"]),
        frustration=None if frustration is None else float(frustration),
        frustrated=bool(value["frustrated"]),
    )
