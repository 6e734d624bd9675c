"""Synthetic voices with known measures (pulses through formants), and WAV files of any kind."""

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import decimate, lfilter

Sound = NDArray[np.float64]

RATE = 16_000
FORMANTS = ((700.0, 80.0), (1200.0, 90.0), (2600.0, 120.0))  # of an "a": centre and bandwidth, Hz
FINER = 4  # pulses are placed in a four times finer grid, so that the grid is no jitter
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE


class Truth(NamedTuple):
    """The true measures of a synthetic vowel: mean F0 (Hz), local jitter and local shimmer."""

    f0: float
    jitter: float
    shimmer: float


def vowel(f0: float = 140.0, jitter: float = 0.0, shimmer: float = 0.0, seconds: float = 2.0, seed: int = 1) -> Sound:
    return sung(f0, jitter, shimmer, seconds, seed)[0]


def sung(f0: float, jitter: float, shimmer: float, seconds: float = 2.0, seed: int = 1) -> tuple[Sound, Truth]:
    """A vowel with its truth. Differences of Gaussian periods have a mean size of 2/√π standard deviations."""
    chance, spread = np.random.default_rng(seed), np.sqrt(np.pi) / 2
    count = int(seconds * f0) - 4
    periods = (1 + jitter * spread * chance.standard_normal(count)) / f0
    sizes = 1 + shimmer * spread * chance.standard_normal(count)
    truth = Truth(1 / periods[:-1].mean(), local(periods[:-1]), local(sizes))
    return through_formants(2 / f0 + np.cumsum(periods) - periods[0], sizes, seconds), truth


def local(values: Sound) -> float:
    """Mean difference of neighbours over the mean: what "local" means of jitter and shimmer."""
    return float(np.abs(np.diff(values)).mean() / values.mean())


def through_formants(times: Sound, sizes: Sound, seconds: float) -> Sound:
    grid = RATE * FINER
    sound = np.zeros(int(seconds * grid))
    place, fraction = np.divmod(times * grid, 1)
    np.add.at(sound, place.astype(int), sizes * (1 - fraction))
    np.add.at(sound, place.astype(int) + 1, sizes * fraction)
    for centre, width in FORMANTS:
        r = np.exp(-np.pi * width / grid)
        sound = lfilter([1], [1, -2 * r * np.cos(2 * np.pi * centre / grid), r * r], sound)
    sound = decimate(sound, FINER, ftype="fir")
    return np.asarray(0.5 * sound / np.abs(sound).max())


def sine(hertz: float = 150.0, amplitude: float = 0.3, seconds: float = 2.0) -> Sound:
    return np.asarray(amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE))


def noise(amplitude: float = 0.1, seconds: float = 2.0) -> Sound:
    return np.asarray(amplitude * np.random.default_rng(7).standard_normal(round(seconds * RATE)))


def babble(rate: float, seconds: float = 2.0, dip_db: float = 12.0, seed: int = 1) -> Sound:
    """A vowel that swells ``rate`` times a second: that many syllables."""
    sound = vowel(140.0, 0.008, 0.04, seconds, seed)
    phase = 2 * np.pi * (rate * np.arange(len(sound)) / RATE + np.random.default_rng(seed).random())
    return np.asarray(sound * 10 ** (-dip_db / 20 * (0.5 + 0.5 * np.cos(phase))))


def wav(sound: Sound, codec: int = PCM, bits: int = 16, rate: int = RATE, extra: bytes = b"", **header: int) -> bytes:
    """A WAV of a sound (moments, or moments by tracks); ``header`` changes fields: length, block, tracks."""
    tracks = header.get("tracks", 1 if sound.ndim == 1 else sound.shape[1])
    data = encoded(sound.ravel(), codec, bits)
    block = header.get("block", tracks * bits // 8)
    fmt = struct.pack("<HHIIHH", codec, tracks, rate, rate * block & 0xFFFFFFFF, block, bits)
    if header.get("extensible"):
        guid = struct.pack("<H", codec) + b"\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
        fmt = struct.pack("<H", EXTENSIBLE) + fmt[2:] + struct.pack("<HHI", 22, bits, 0) + guid
    chunks = b"fmt " + struct.pack("<I", len(fmt)) + fmt + extra
    chunks += b"data" + struct.pack("<I", header.get("length", len(data))) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def encoded(sound: Sound, codec: int, bits: int) -> bytes:
    if codec == FLOAT:
        return sound.astype(f"<f{bits // 8}").tobytes()
    steps = np.clip(np.round(sound * 2.0 ** (bits - 1)), -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1)
    if bits == 8:
        return (steps + 128).astype(np.uint8).tobytes()
    if bits == 24:
        return steps.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return steps.astype(f"<i{bits // 8}").tobytes()
