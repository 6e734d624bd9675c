"""WAV streams: every width, judged by SciPy's reader; what is broken is one sentence."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import wavfile

from agents.common.errors import Failure
from agents.voice.wav import SampleFormat, WavStream, frames, opened
from tests.support.data.voices import FLOAT, PCM, RATE, noise, sine, wav

WIDTHS = [(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)]
FULL = {8: 128, 16: 2**15, 24: 2**31, 32: 2**31}  # SciPy widens 24 bits to 32


def read(data: bytes, size: int = 1000, track: int = 0) -> list[np.ndarray]:
    return list(frames(opened(io.BytesIO(data), "x.wav"), size, track))


def by_scipy(data: bytes, codec: int, bits: int) -> np.ndarray:
    _, found = wavfile.read(io.BytesIO(data))
    if codec == FLOAT:
        return np.asarray(found, np.float64)
    return (found.astype(np.float64) - (128 if bits == 8 else 0)) / FULL[bits]


@pytest.mark.parametrize(("codec", "bits"), WIDTHS)
@pytest.mark.parametrize("extensible", [0, 1])
def test_every_width_is_read_as_others_read_it(codec: int, bits: int, extensible: int) -> None:
    sound = noise(0.15, 0.25)
    sound[:2] = -1.0, 1.0
    data = wav(sound, codec, bits, extensible=extensible)
    found = np.concatenate(read(data))
    np.testing.assert_array_equal(found, by_scipy(data, codec, bits))
    np.testing.assert_allclose(found, sound, atol=2.0 ** (1 - bits) if codec == PCM else 1e-7)


@pytest.mark.parametrize(("codec", "bits"), WIDTHS)
def test_tracks_are_kept_apart(codec: int, bits: int) -> None:
    data = wav(np.column_stack([sine(150), noise(), sine(300)]), codec, bits)
    for track in range(3):
        np.testing.assert_array_equal(np.concatenate(read(data, 777, track)), by_scipy(data, codec, bits)[:, track])


@given(st.integers(1, 3000), st.integers(1, 900))
def test_frames_are_of_one_size_but_the_last_and_nothing_is_lost(length: int, size: int) -> None:
    sound = noise(0.1, 0.2)[:length]
    found = read(wav(sound, FLOAT, 64), size)
    assert {len(one) for one in found[:-1]} <= {size}
    assert 0 < len(found[-1]) <= size
    np.testing.assert_array_equal(np.concatenate(found), sound)


def test_other_chunks_are_passed_over_and_so_is_what_follows_the_sound() -> None:
    sound, odd = sine(), b"LIST" + struct.pack("<I", 200_001) + bytes(200_002)
    data = wav(sound, FLOAT, 64, extra=odd) + b"LIST" + struct.pack("<I", 4) + b"more"
    np.testing.assert_array_equal(np.concatenate(read(data)), sound)


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFF0000])
def test_a_length_nobody_could_know_means_until_the_end(length: int) -> None:
    data = wav(sine(), FLOAT, 64, length=length)
    assert opened(io.BytesIO(data), "x.wav").length is None
    np.testing.assert_array_equal(np.concatenate(read(data)), sine())


def test_sound_that_ends_early_is_read_as_far_as_it_goes_in_whole_samples() -> None:
    data = wav(np.column_stack([sine(), sine()]))
    found = np.concatenate(read(data[:-5]))
    assert len(found) == len(sine()) - 2
    assert read(wav(sine()[:0])) == []


class Watched(io.BytesIO):
    """Remembers the largest piece that was asked for."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size >= 0, "everything was asked for at once"
        self.largest = max(self.largest, size)
        return super().read(size)


def test_no_more_than_a_frame_is_held() -> None:
    extra = b"LIST" + struct.pack("<I", 1_000_000) + bytes(1_000_000)
    stream = Watched(wav(noise(seconds=20.0), extra=extra, length=0xFFFFFFFF))
    assert sum(len(one) for one in frames(opened(stream, "x"), RATE // 2, 0)) == 20 * RATE
    assert stream.largest <= 65_536


def test_a_pipe_is_never_sought_in() -> None:
    class Pipe(io.BytesIO):
        def seek(self, *_: int) -> int:
            raise OSError("a pipe")

    assert sum(map(len, frames(opened(Pipe(wav(sine())), "x"), 500, 0))) == len(sine())


WHOLE = wav(sine())


@pytest.mark.parametrize("end", range(1, 44))
def test_a_header_cut_anywhere_says_so(end: int) -> None:
    with pytest.raises(Failure, match=r"^x.wav (is not a WAV file|ends within its header)$"):
        opened(io.BytesIO(WHOLE[:end]), "x.wav")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"ID3\x03" + bytes(100), "is not a WAV file"),
        (b"RIFX" + WHOLE[4:], "is not a WAV file"),
        (WHOLE[:12] + WHOLE[36:], "says nothing of its format"),
        (WHOLE[:16] + struct.pack("<I", 14) + WHOLE[20:], "its format takes 14 bytes"),
        (WHOLE[:16] + struct.pack("<I", 2**31) + WHOLE[20:], "its format takes 2147483648 bytes"),
        (wav(sine(), block=3), "contradicts itself: 1 channels of 16 bits in 3 bytes"),
        (wav(sine(), tracks=0), "contradicts itself"),
        (WHOLE.replace(b"\x01\0\x01\0", b"\x07\0\x01\0", 1), "WAV format 7 with 16 bits"),
        (wav(sine(), FLOAT, 32).replace(struct.pack("<H", 32), struct.pack("<H", 16), 1), "format 3 with 16 bits"),
        (wav(sine(), rate=0), "has 0 samples a second"),
        (wav(sine(), rate=7_999), "has 7999 samples a second"),
        (wav(sine(), rate=384_001), "has 384001 samples a second"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, said: str) -> None:
    with pytest.raises(Failure, match=f"^x.wav .*{said}"):
        opened(io.BytesIO(data), "x.wav")


@given(st.binary(max_size=200), st.integers(0, 60))
def test_any_bytes_are_read_or_refused(junk: bytes, kept: int) -> None:
    stream = io.BytesIO(WHOLE[:kept] + junk)
    try:
        sound = opened(stream, "x")
    except Failure:
        return
    assert isinstance(sound, WavStream) and isinstance(sound.format, SampleFormat)
    assert all(len(frame) <= 100 for frame in frames(sound, 100, 0))


def test_a_file_is_read_like_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    wavfile.write(path, RATE, (sine() * 32767).astype(np.int16))
    with path.open("rb") as stream:
        found = np.concatenate(list(frames(opened(stream, str(path)), 4000, 0)))
    np.testing.assert_allclose(found, sine(), atol=1e-4)
