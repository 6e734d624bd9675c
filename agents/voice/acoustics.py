"""Acoustic measures of a frame of voice, by Praat: prosody and voice quality as in GeMAPS (Eyben et al. 2016).

Needs the extra ``voice``. Praat's standard parameters: pitch by autocorrelation, 75 to 600 Hz, every 10 ms; periods
and harmonicity by cross-correlation; jitter and shimmer "local"; intensity over 128 ms. A measure that cannot be taken
is None, with its reason:

    too_short          under 250 ms, shorter than the analysis windows; for the speech rate, under a second.
    not_finite         a sample that is infinite or not a number.
    silence            below -60 dB relative to full scale.
    unvoiced           pitch for less than 200 ms: noise or breath, whose loudness is not a voice's.
    too_little_speech  sound in less than half of the frame: a rate would measure the pauses.
    no_syllables       no syllable nucleus.
    too_few_periods    the pitch is too interrupted for jitter and shimmer.
    clipped            samples flattened at full scale: pitch and speech rate remain valid, the rest does not.
"""

from typing import Any, NamedTuple

import numpy as np
import parselmouth
from parselmouth.praat import call

from agents.voice.speech_rate import count_nuclei, find_sounding
from agents.voice.wav import Samples
from streams.signals.prosody import FEATURES, SHORTEST_MS, SILENCE_DB

F0_FLOOR, F0_CEILING = 75.0, 600.0
REFERENCE_HZ = 27.5
FULL_SCALE_DB = 20 * np.log10(1 / 2e-5)  # Praat takes 1 for a pascal and gives dB above 20 micropascal
STEP_S, INTENSITY_STEP_S = 0.01, 0.016
LEAST_VOICED_S = 0.2
LEAST_SOUNDING, LEAST_RATE_S = 0.5, 1.0
PERIODS = (0, 0, 0.0001, 0.02, 1.3)  # whole frame; shortest, longest period (s); largest ratio of neighbours
AMPLITUDES = (*PERIODS, 1.6)
FLAT, FULL, CLIPPED_SHARE = 3, 0.99, 0.001
SPOILT_BY_CLIPPING = ("jitter", "shimmer", "hnr_db", "loudness_db")


class Measures(NamedTuple):
    """Measures of one frame, by the names of the contract, and the reasons of those that are None."""

    values: dict[str, float | None]
    reasons: dict[str, str]


def measure(frame: Samples, rate: int) -> Measures:
    """Measure one frame of a single voice.

    Args:
        frame: samples, -1 to 1 full scale.
        rate: samples a second.
    """
    if len(frame) < rate * SHORTEST_MS / 1000:
        return all_unknown("too_short")
    if not np.isfinite(frame).all():
        return all_unknown("not_finite")
    sound = parselmouth.Sound(frame, rate)
    intensity = sound.to_intensity(minimum_pitch=50.0, time_step=INTENSITY_STEP_S, subtract_mean=True)
    sounding = find_sounding(intensity.values[0])
    loudness = float(10 * np.log10(np.mean(10 ** (intensity.values[0][sounding] / 10))) - FULL_SCALE_DB)
    if loudness < SILENCE_DB:
        return all_unknown("silence")
    pitch = sound.to_pitch_ac(time_step=STEP_S, pitch_floor=F0_FLOOR, pitch_ceiling=F0_CEILING)
    if pitch.count_voiced_frames() < LEAST_VOICED_S / STEP_S:
        return all_unknown("unvoiced")
    values = {**measure_pitch(pitch), **measure_voice_quality(sound, pitch), "loudness_db": loudness}
    reasons = {name: "too_few_periods" for name, value in values.items() if not np.isfinite(value)}
    reasons |= dict.fromkeys(SPOILT_BY_CLIPPING, "clipped") if is_clipped(frame) else {}
    speech_rate = measure_speech_rate(intensity, pitch, float(np.mean(sounding)))
    if isinstance(speech_rate, str):
        reasons["speech_rate"] = speech_rate
    else:
        values["speech_rate"] = speech_rate
    return Measures({name: None if name in reasons else values[name] for name in FEATURES}, reasons)


def all_unknown(reason: str) -> Measures:
    return Measures(dict.fromkeys(FEATURES), dict.fromkeys(FEATURES, reason))


def measure_pitch(pitch: Any) -> dict[str, float]:
    """Mean and standard deviation of F0 over the voiced moments, semitones."""
    hertz = pitch.selected_array["frequency"]
    semitones = 12 * np.log2(hertz[hertz > 0] / REFERENCE_HZ)
    return {"f0_semitones": float(semitones.mean()), "f0_sd_semitones": float(semitones.std(ddof=1))}


def measure_voice_quality(sound: Any, pitch: Any) -> dict[str, float]:
    """Jitter, shimmer and harmonics-to-noise ratio (dB); NaN where Praat finds none."""
    pulses = call([sound, pitch], "To PointProcess (cc)")
    harmonicity = sound.to_harmonicity_cc(time_step=STEP_S, minimum_pitch=F0_FLOOR)
    return {
        "jitter": float(call(pulses, "Get jitter (local)", *PERIODS)),
        "shimmer": float(call([sound, pulses], "Get shimmer (local)", *AMPLITUDES)),
        "hnr_db": float(call(harmonicity, "Get mean", 0, 0)),
    }


def measure_speech_rate(intensity: Any, pitch: Any, sounding_share: float) -> float | str:
    """Syllables per second over the contour (64 ms shorter at each end), or the reason why there is no rate."""
    if intensity.get_total_duration() < LEAST_RATE_S:
        return "too_short"
    if sounding_share < LEAST_SOUNDING:
        return "too_little_speech"
    contour = intensity.values[0]
    voiced = np.array([np.isfinite(pitch.get_value_at_time(at)) for at in intensity.xs()])
    count = count_nuclei(contour, voiced)
    return count / (len(contour) * INTENSITY_STEP_S) if count else "no_syllables"


def is_clipped(frame: Samples) -> bool:
    """Whether over 0.1 % of the samples are in flat tops at full scale, three or more equal ones in a row."""
    flat = (np.abs(frame[1:]) >= FULL) & (frame[1:] == frame[:-1])
    runs = flat[1:] & flat[:-1]  # the third and later samples of a run
    return bool(np.mean(runs) > CLIPPED_SHARE)
