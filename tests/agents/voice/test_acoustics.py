"""Acoustic measures against two judges: what the generator put in, and Praat asked as a Praat script asks it."""

import io
from pathlib import Path

import numpy as np
import parselmouth
import pytest
from parselmouth.praat import call, run
from scipy.signal import resample_poly

from agents.voice import acoustics, wav
from agents.voice.acoustics import Measures, measure
from streams.signals.prosody import FEATURES
from tests.support.data import voices
from tests.support.data.voices import RATE, babble, noise, sine, sung, vowel

VOICES = [(110.0, 0.0, 0.0), (140.0, 0.01, 0.0), (140.0, 0.0, 0.05), (140.0, 0.03, 0.0), (220.0, 0.01, 0.05)]

# What a phonetician writes into Praat's script window, judging a file from the disk.
SCRIPT = """
sound = Read from file: "{path}"
To Pitch: 0.01, 75, 600
semitones = Get mean: 0, 0, "semitones re 100 Hz"
spread = Get standard deviation: 0, 0, "semitones"
pitch = selected("Pitch")
selectObject: sound, pitch
pulses = To PointProcess (cc)
jitter = Get jitter (local): 0, 0, 0.0001, 0.02, 1.3
selectObject: sound, pulses
shimmer = Get shimmer (local): 0, 0, 0.0001, 0.02, 1.3, 1.6
selectObject: sound
To Harmonicity (cc): 0.01, 75, 0.1, 1
hnr = Get mean: 0, 0
selectObject: sound
rms = Get root-mean-square: 0, 0
"""


def semitones(hertz: float) -> float:
    return float(12 * np.log2(hertz / 27.5))


def decibels(ratio: float) -> float:
    return float(20 * np.log10(ratio))


def reasons(measures: Measures) -> set[str]:
    assert {name for name, value in measures.values.items() if value is None} == set(measures.reasons)
    assert tuple(measures.values) == FEATURES
    return set(measures.reasons.values())


def by_script(path: Path) -> dict[str, float]:
    _, found = run(SCRIPT.format(path=path), capture_output=False, return_variables=True)  # type: ignore[misc]
    return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}


@pytest.mark.parametrize(("f0", "jitter", "shimmer"), VOICES)
@pytest.mark.parametrize("bits", [8, 16, 24])
def test_it_measures_what_a_praat_script_measures(
    tmp_path: Path, f0: float, jitter: float, shimmer: float, bits: int
) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(voices.wav(vowel(f0, jitter, shimmer), bits=bits))
    expected = by_script(path)
    [frame] = wav.frames(wav.opened(io.BytesIO(path.read_bytes()), "voice"), 2 * RATE, 0)
    measures = measure(frame, RATE)
    assert reasons(measures) == set()
    found = measures.values
    assert found["f0_semitones"] == pytest.approx(expected["semitones"] + semitones(100.0), abs=1e-6)
    assert found["f0_sd_semitones"] == pytest.approx(expected["spread"], abs=1e-6)
    assert found["jitter"] == pytest.approx(expected["jitter"], rel=1e-6)
    assert found["shimmer"] == pytest.approx(expected["shimmer"], rel=1e-6)
    assert found["hnr_db"] == pytest.approx(expected["hnr"], abs=1e-6)
    assert found["loudness_db"] == pytest.approx(decibels(expected["rms"]), abs=0.3)  # pulses begin and end inside


@pytest.mark.parametrize(("f0", "jitter", "shimmer"), VOICES)
def test_it_measures_what_was_put_in(f0: float, jitter: float, shimmer: float) -> None:
    sound, truth = sung(f0, jitter, shimmer)
    found = measure(sound, RATE).values
    assert found["f0_semitones"] == pytest.approx(semitones(truth.f0), abs=0.05)
    assert found["jitter"] == pytest.approx(truth.jitter, rel=0.15, abs=0.0015)
    if not jitter:  # periods of uneven length overlap unevenly, which is shimmer too
        assert found["shimmer"] == pytest.approx(truth.shimmer, rel=0.2, abs=0.002)


@pytest.mark.parametrize("snr_db", [5.0, 10.0, 20.0])
def test_the_harmonics_to_noise_ratio_is_the_one_mixed(snr_db: float) -> None:
    mixed = sine(200.0, 0.3) + noise(0.3 / np.sqrt(2) * 10 ** (-snr_db / 20))
    assert measure(mixed, RATE).values["hnr_db"] == pytest.approx(snr_db, abs=1.0)


@pytest.mark.parametrize("amplitude", [0.9, 0.3, 0.01])
@pytest.mark.parametrize("offset", [0.0, 0.05])
def test_loudness_is_that_of_the_voice_without_its_offset(amplitude: float, offset: float) -> None:
    found = measure(sine(150.0, amplitude) + offset, RATE).values
    assert found["loudness_db"] == pytest.approx(decibels(amplitude / np.sqrt(2)), abs=0.05)


def test_pauses_do_not_make_a_voice_quieter() -> None:
    half = sine(seconds=2.0)
    half[RATE:] = 0.0
    whole, paused = measure(sine(), RATE).values, measure(half, RATE).values
    assert paused["loudness_db"] == pytest.approx(whole["loudness_db"], abs=0.5)


def test_the_spread_of_a_glide_is_its_own() -> None:
    low, high = 120.0, 180.0
    rising = low * (high / low) ** (np.arange(2 * RATE) / (2 * RATE))
    glide = 0.3 * np.sin(2 * np.pi * np.cumsum(rising) / RATE)
    found = measure(glide, RATE).values
    assert found["f0_semitones"] == pytest.approx((semitones(low) + semitones(high)) / 2, abs=0.05)
    assert found["f0_sd_semitones"] == pytest.approx((semitones(high) - semitones(low)) / np.sqrt(12), rel=0.05)


@pytest.mark.parametrize("rate", [2.0, 3.3, 4.5, 5.7])
@pytest.mark.parametrize("dip_db", [4.0, 12.0])
def test_syllables_are_counted(rate: float, dip_db: float) -> None:
    counted = [measure(babble(rate, seed=seed, dip_db=dip_db), RATE).values["speech_rate"] for seed in range(12)]
    assert None not in counted
    assert np.mean(counted) == pytest.approx(rate, rel=0.07)  # type: ignore[arg-type]
    assert max(abs(one - rate) for one in counted if one is not None) <= 0.6  # one more or less in two seconds


def test_a_dip_of_less_than_two_decibels_parts_no_syllables() -> None:
    assert measure(babble(4.0, dip_db=1.5), RATE).values["speech_rate"] == pytest.approx(0.53, abs=0.01)


def test_unvoiced_bursts_are_no_syllables() -> None:
    bursts = noise(0.2) * (np.sin(2 * np.pi * 4 * np.arange(2 * RATE) / RATE) > 0)
    voiced, both = babble(2.0), babble(2.0)
    both[RATE // 4 : RATE // 4 * 3] = bursts[RATE // 4 : RATE // 4 * 3]
    assert measure(both, RATE).values["speech_rate"] <= measure(voiced, RATE).values["speech_rate"]  # type: ignore


def test_a_frame_of_pauses_has_no_rate() -> None:
    sound = babble(4.0)
    sound[RATE // 2 :] = 0.0
    measures = measure(sound, RATE)
    assert measures.reasons == {"speech_rate": "too_little_speech"}


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (np.zeros(2 * RATE), "silence"),
        (np.full(2 * RATE, 0.5), "silence"),
        (np.random.default_rng(3).integers(-1, 2, 2 * RATE) / 2**15, "silence"),
        (sine(amplitude=0.0013), "silence"),
        (noise(0.1), "unvoiced"),
        (np.pad(vowel(seconds=0.2), (RATE, RATE)) + noise(0.01, 2.2), "unvoiced"),
        (np.append(sine(), np.nan), "not_finite"),
        (np.append(sine(), np.inf), "not_finite"),
        (sine(seconds=0.249), "too_short"),
        (np.zeros(0), "too_short"),
        (np.zeros(1), "too_short"),
    ],
)
def test_what_is_no_voice_is_unknown_with_its_reason(frame: np.ndarray, reason: str) -> None:
    measures = measure(frame, RATE)
    assert measures.values == dict.fromkeys(FEATURES)
    assert reasons(measures) == {reason}


def test_just_above_silence_is_heard_and_a_quarter_of_a_second_measured() -> None:
    assert reasons(measure(sine(amplitude=0.0016), RATE)) == set()
    short = measure(vowel(seconds=0.25), RATE)
    assert short.reasons == {"speech_rate": "too_short"}


def test_clipping_leaves_what_it_does_not_spoil() -> None:
    clean = babble(4.0)
    clipped = np.clip(clean * 8, -1.0, 1.0)
    measures, before = measure(clipped, RATE), measure(clean, RATE).values
    assert measures.reasons == dict.fromkeys(["jitter", "shimmer", "hnr_db", "loudness_db"], "clipped")
    assert measures.values["f0_semitones"] == pytest.approx(before["f0_semitones"], abs=0.05)
    assert measures.values["speech_rate"] == before["speech_rate"]


@pytest.mark.parametrize("bits", [8, 16, 24])
def test_clipping_is_seen_at_every_width_and_a_loud_voice_is_not_clipped(bits: int) -> None:
    loud = vowel() * 1.9
    for sound, expected in ((loud, set()), (loud * 3, {"clipped"})):
        [frame] = wav.frames(wav.opened(io.BytesIO(voices.wav(sound, bits=bits)), "x"), 2 * RATE, 0)
        assert reasons(measure(frame, RATE)) == expected


@pytest.mark.parametrize(("up", "down", "rate"), [(1, 2, 8_000), (3, 1, 48_000)])
def test_the_sampling_rate_changes_little(up: int, down: int, rate: int) -> None:
    sound = babble(4.0)
    found, expected = measure(resample_poly(sound, up, down), rate).values, measure(sound, RATE).values
    for name, tolerance in {"f0_semitones": 0.05, "speech_rate": 0.0, "hnr_db": 1.5, "loudness_db": 0.2}.items():
        assert found[name] == pytest.approx(expected[name], abs=tolerance), name
    assert found["jitter"] == pytest.approx(expected["jitter"], rel=0.25)


def test_the_same_sound_gives_the_same_numbers() -> None:
    assert measure(babble(4.0), RATE) == measure(babble(4.0), RATE)


def test_the_measuring_parts_agree_with_praat_called_directly() -> None:
    sound = parselmouth.Sound(babble(4.0), RATE)
    pitch = sound.to_pitch_ac(time_step=0.01, pitch_floor=75.0, pitch_ceiling=600.0)
    assert acoustics.measure_pitch(pitch)["f0_semitones"] == pytest.approx(
        semitones(100.0) + call(pitch, "Get mean", 0, 0, "semitones re 100 Hz"), abs=1e-9
    )
