"""Which sound ``tenor voice`` reads: from where, whose track of it, and since when."""

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
def stream_of(path: str) -> Iterator[tuple[BinaryIO, str]]:
    """The bytes of a file or of standard input, and what to call them."""
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer, "standard input"
        return
    with from_file(path) as stream:
        yield stream, path


def from_file(path: str) -> BinaryIO:
    with file_errors(path, "read"):
        return Path(path).open("rb")


def start_of(said: str | None, sound: WavStream) -> int:
    """When the sound began, milliseconds: as said; else a file ended just now, and a pipe begins now."""
    if said is None:
        return now_ms() - length_ms(sound)
    try:
        return parse_timestamp(said, "--started")
    except Rejected as refusal:
        raise Failure(refusal.detail, "for example: --started 2026-09-21T10:00:00Z") from None


def length_ms(sound: WavStream) -> int:
    """How long a file is: what its header promises, but no more than there is. 0 for a pipe, whose end is to come."""
    stream = sound.stream
    if not stream.seekable():
        return 0
    at = stream.tell()
    there = (stream.seek(0, io.SEEK_END) - at) // sound.format.block
    stream.seek(at)
    samples = there if sound.length is None else min(sound.length, there)
    return samples * 1000 // sound.format.rate


def track_of(said: int | None, sound: WavStream) -> int:
    """The customer's track, from 0; ``Failure`` where it would have to be guessed: the other party is an operator."""
    tracks = sound.format.tracks
    if said is None and tracks > 1:
        raise Failure(f"{sound.name} has {tracks} tracks", "say which holds the customer alone, for example: --track 1")
    if said is not None and not 1 <= said <= tracks:
        raise Failure(f"{sound.name} has no track {said}, it has {tracks}")
    return (said or 1) - 1
