"""The audio that ``tenor voice`` reads: its source, the customer's track, and its start time."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.common.files import file_errors
from agents.voice.wav import WavStream
from schemas.errors import Rejected
from schemas.json_form import parse_timestamp

STANDARD_INPUT = "-"


@contextmanager
def open_stream(path: str) -> Iterator[tuple[BinaryIO, str]]:
    """The bytes of a file or of standard input, and the name for messages."""
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer, "standard input"
        return
    with open_file(path) as stream:
        yield stream, path


def open_file(path: str) -> BinaryIO:
    with file_errors(path, "read"):
        return Path(path).open("rb")


def start_time(started: str | None, sound: WavStream) -> int:
    """When the audio starts, milliseconds. Without ``started``, a file ends now and a pipe starts now."""
    if started is None:
        return now_ms() - length_ms(sound)
    try:
        return parse_timestamp(started, "--started")
    except Rejected as rejected:
        raise Failure(f"{rejected.detail}.", "For example: --started 2026-09-21T10:00:00Z") from None


def length_ms(sound: WavStream) -> int:
    """Length of a file by its header, but no more than there is, milliseconds; 0 for a pipe, which has not ended."""
    stream = sound.stream
    if not stream.seekable():
        return 0
    at = stream.tell()
    available = (stream.seek(0, io.SEEK_END) - at) // sound.format.block
    stream.seek(at)
    samples = available if sound.length is None else min(sound.length, available)
    return samples * 1000 // sound.format.rate


def customer_track(track: int | None, sound: WavStream) -> int:
    """The index of the customer's track. Raises ``Failure`` instead of guessing: another track is an operator's.

    Args:
        track: from 1; None where there is only one.
    """
    tracks = sound.format.tracks
    if track is None and tracks > 1:
        raise Failure(f"{sound.name} has {tracks} tracks.", "Choose the customer's with --track, such as --track 1.")
    if track is not None and not 1 <= track <= tracks:
        raise Failure(f"{sound.name} has no track {track}; it has {tracks}.", f"Use --track 1 to {tracks}.")
    return (track or 1) - 1
