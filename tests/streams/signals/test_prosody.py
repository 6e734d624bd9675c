"""Prosody: carried as it is, with consent only."""

import math
from typing import Any

from hypothesis import given

from streams.extraction import signal_of
from streams.signals import prosody
from tests.streams import builders
from tests.streams.strategies import events

NAMES = {f"prosody.{name}" for name in prosody.FEATURES}


def test_a_frame_is_carried_under_its_names() -> None:
    extract = prosody.extract(builders.prosody())
    assert set(extract.features) == NAMES
    assert extract.features["prosody.speech_rate"] == 4.5
    assert extract.reasons == {}


def test_an_unvoiced_stretch_has_no_pitch_and_says_so() -> None:
    extract = prosody.extract(builders.prosody(f0_semitones=None))
    assert extract.reasons == {"prosody.f0_semitones": "not_measured"}


def test_without_consent_nothing_is_carried() -> None:
    signal = signal_of("prosody", builders.prosody(consent=False), ("conversation.prosody", 0, 0))
    assert signal["features"] == dict.fromkeys(signal["features"])
    assert signal["reasons"] == dict.fromkeys(NAMES, "no_consent")
    assert signal["voice_consent"] is False


@given(events("prosody"))
def test_any_frame_gives_finite_numbers_or_a_reason(event: dict[str, Any]) -> None:
    signal = signal_of("prosody", event, ("conversation.prosody", 0, 0))
    assert set(signal["features"]) == NAMES
    assert all(number is None or math.isfinite(number) for number in signal["features"].values())
    assert {name for name, number in signal["features"].items() if number is None} == set(signal["reasons"])
    assert set(signal["reasons"].values()) <= {"not_measured", "no_consent"}
