"""WAV sound, read as a stream: from a file or a pipe, a piece at a time, so that memory does not grow with length.

The layout is Microsoft's RIFF/WAVE, PCM of 8 (unsigned), 16, 24 and 32 bits and IEEE float of 32 and 64, plain or
"extensible". Our own reader, because libraries for it want to seek, to hold the whole sound, or read PCM only.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from agents.common.errors import Failure

Samples = NDArray[np.float64]

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
SUPPORTED = {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)}
LEAST_RATE, GREATEST_RATE = 8_000, 384_000
GREATEST_FMT = 4096
PIECE = 65_536
# A program that writes to a pipe cannot know the length, and promises about as much as the field can hold.
UNKNOWN_LENGTH = 0x7FFF_0000
CONVERT = "convert it: ffmpeg -i SOUND -c:a pcm_s16le OUT.wav"


@dataclass(frozen=True)
class SampleFormat:
    """How samples are written. ``rate`` in Hz, ``bits`` of one sample of one track."""

    codec: int
    tracks: int
    rate: int
    bits: int

    @property
    def block(self) -> int:
        """Bytes of one moment, all tracks together."""
        return self.tracks * self.bits // 8


@dataclass(frozen=True)
class WavStream:
    """A WAV stream whose header has been read.

    Attributes:
        length: samples of one track that the header promises; None when it could not know.
    """

    name: str
    stream: BinaryIO
    format: SampleFormat
    length: int | None


def opened(stream: BinaryIO, name: str) -> WavStream:
    """Read the header. ``Failure`` says what is wrong with it; ``name`` is what the sound is called there."""
    head = stream.read(12)
    if not head:
        raise Failure(f"{name} is empty")
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise Failure(f"{name} is not a WAV file", CONVERT)
    found: SampleFormat | None = None
    while True:
        kind, size = struct.unpack("<4sI", exactly(stream, 8, name))
        if kind == b"data":
            break
        if kind == b"fmt ":
            found = read_format(exactly(stream, checked_size(size, name), name), name)
            exactly(stream, size % 2, name)
        else:
            skip(stream, size + size % 2, name)
    if found is None:
        raise Failure(f"{name} says nothing of its format before the sound begins")
    return WavStream(name, stream, found, None if size >= UNKNOWN_LENGTH else size // found.block)


def exactly(stream: BinaryIO, size: int, name: str) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise Failure(f"{name} ends within its header")
    return data


def skip(stream: BinaryIO, size: int, name: str) -> None:
    while size > 0:
        size -= len(exactly(stream, min(size, PIECE), name))


def checked_size(size: int, name: str) -> int:
    if not 16 <= size <= GREATEST_FMT:
        raise Failure(f"{name} has a broken header: its format takes {size} bytes")
    return size


def read_format(fmt: bytes, name: str) -> SampleFormat:
    """The format in a ``fmt`` chunk; ``Failure`` when it is contradictory or not one we read."""
    codec, tracks, rate, _, block, bits = struct.unpack_from("<HHIIHH", fmt)
    if codec == EXTENSIBLE and len(fmt) >= 26:
        (codec,) = struct.unpack_from("<H", fmt, 24)
    found = SampleFormat(codec, tracks, rate, bits)
    if (codec, bits) not in SUPPORTED:
        raise Failure(f"{name} holds sound of WAV format {codec} with {bits} bits, which is not read", CONVERT)
    if not tracks or block != found.block:
        raise Failure(f"{name} has a header that contradicts itself: {tracks} channels of {bits} bits in {block} bytes")
    if not LEAST_RATE <= rate <= GREATEST_RATE:
        raise Failure(f"{name} has {rate} samples a second; {LEAST_RATE} to {GREATEST_RATE} are read")
    return found


def frames(sound: WavStream, size: int, track: int) -> Iterator[Samples]:
    """One track in frames of ``size`` samples, -1 to 1 full scale; the last may be shorter.

    Ends where the header says or the stream does; half a sample at the end is left out.
    """
    left = sound.length
    while left is None or left > 0:
        wanted = size if left is None else min(size, left)
        data = sound.stream.read(wanted * sound.format.block)
        got = len(data) // sound.format.block
        if got:
            yield decoded(data[: got * sound.format.block], sound.format)[track :: sound.format.tracks]
        if got < wanted:
            return
        left = None if left is None else left - got


def decoded(data: bytes, how: SampleFormat) -> Samples:
    """Samples as numbers, tracks interleaved as in the file."""
    if how.codec == FLOAT:
        return np.frombuffer(data, f"<f{how.bits // 8}").astype(np.float64)
    if how.bits == 8:
        return (np.frombuffer(data, np.uint8).astype(np.float64) - 128.0) / 128.0
    if how.bits == 24:
        three = np.frombuffer(data, np.uint8).reshape(-1, 3)
        whole = np.zeros((len(three), 4), np.uint8)
        whole[:, 1:] = three  # the upper three bytes of 32 bits
        return whole.view("<i4")[:, 0].astype(np.float64) / 2.0**31
    return np.frombuffer(data, f"<i{how.bits // 8}").astype(np.float64) / 2.0 ** (how.bits - 1)
