"""Typing: rhythm against the person's own."""

import math
from typing import Any

import pytest
from hypothesis import given

from streams.extraction import signal_of
from streams.signals import typing
from streams.state import Baseline
from tests.streams.builders import keystrokes
from tests.streams.strategies import events

STEADY = {
    name: Baseline(mean, 0.0, 10) for name, mean in {"typing.backspace_rate": 0.1, "typing.flight_ms": 100.0}.items()
}


def burst(pressed: list[float], keys: list[str] | None = None, dwell: list[float | None] | None = None) -> Any:
    return typing.extract(keys or ["letter"] * len(pressed), pressed, dwell or [80.0] * len(pressed))


def test_an_even_burst_is_measured() -> None:
    extract = burst([0, 100, 200, 300, 400], keys=["letter", "letter", "backspace", "letter", "space"])
    assert extract.features == {
        "typing.dwell_ms": 80.0,
        "typing.flight_ms": 100.0,
        "typing.pause_share": 0.0,
        "typing.backspace_rate": 0.2,
    }
    assert extract.reasons == {}


def test_five_keys_are_enough_and_four_are_not() -> None:
    assert burst([0, 100, 200, 300, 400]).reasons == {}
    few = burst([0, 100, 200, 300])
    assert few.features == dict.fromkeys(typing.FEATURES)
    assert set(few.reasons.values()) == {"too_few_keys"}
    assert set(burst([]).reasons.values()) == {"too_few_keys"}


def test_presses_that_go_back_in_time_are_not_measured() -> None:
    assert set(burst([0, 100, 50, 300, 400]).reasons.values()) == {"not_ascending"}
    assert burst([0, 100, 100, 300, 400]).reasons == {}


def test_a_gap_of_a_second_is_typing_and_a_longer_one_is_a_pause() -> None:
    assert burst([0, 1000, 1100, 1200, 1300]).features["typing.pause_share"] == 0.0
    longer = burst([0, 1001, 1101, 1201, 1301]).features
    assert longer["typing.pause_share"] == 0.25
    assert longer["typing.flight_ms"] == 100.0


def test_a_burst_of_pauses_has_no_flight_time_and_says_why() -> None:
    extract = burst([0, 2000, 4000, 6000, 8000])
    assert extract.features["typing.flight_ms"] is None
    assert extract.reasons == {"typing.flight_ms": "not_observed"}


def test_keys_never_seen_released_have_no_dwell_and_a_stuck_key_does_not_count() -> None:
    assert burst([0, 1, 2, 3, 4], dwell=[None] * 5).reasons == {"typing.dwell_ms": "not_observed"}
    assert burst([0, 1, 2, 3, 4], dwell=[2000.0, 2000.1, 0.0, -1.0, None]).features["typing.dwell_ms"] == 2000.0


def test_nothing_is_said_until_the_person_is_known() -> None:
    features = burst([0, 100, 200, 300, 400]).features
    observation, baselines = typing.observe(features, {}, 0.9)
    assert observation is None
    for _ in range(2):
        observation, baselines = typing.observe(features, baselines, 0.9)
        assert observation is None
    observation, _ = typing.observe(features, baselines, 0.9)
    assert observation is not None
    assert observation.value == 0.0


def test_more_corrections_than_usual_read_as_frustration() -> None:
    observation, learned = typing.observe({"typing.backspace_rate": 0.18}, STEADY, 0.9)
    assert observation is not None
    assert observation.value == pytest.approx(0.1 * 2)  # two of the least deviations of 0.04
    assert observation.sd == 0.9
    assert learned["typing.backspace_rate"].count == 11


def test_what_was_not_measured_neither_speaks_nor_is_learned() -> None:
    observation, learned = typing.observe({"typing.flight_ms": None}, STEADY, 0.9)
    assert observation is None
    assert learned == STEADY


def test_forgetting_takes_typing_and_nothing_else() -> None:
    assert typing.forget(STEADY | {"latency.wait": Baseline(1.0, 0.0, 3)}) == {"latency.wait": Baseline(1.0, 0.0, 3)}


def test_without_consent_nothing_is_measured() -> None:
    signal = signal_of("keystrokes", keystrokes(consent=False), ("conversation.keystrokes", 0, 0))
    assert signal["features"] == dict.fromkeys(typing.FEATURES)
    assert set(signal["reasons"].values()) == {"no_consent"}
    assert signal["keystroke_consent"] is False


@given(events("keystrokes"))
def test_any_burst_gives_finite_numbers_or_a_reason(event: dict[str, Any]) -> None:
    signal = signal_of("keystrokes", event, ("conversation.keystrokes", 0, 0))
    assert set(signal["features"]) == set(typing.FEATURES)
    assert all(number is None or math.isfinite(number) for number in signal["features"].values())
    assert {name for name, number in signal["features"].items() if number is None} == set(signal["reasons"])
    assert set(signal["reasons"].values()) <= {"too_few_keys", "not_ascending", "not_observed", "no_consent"}
    assert signal["cues"] == []
    assert not {"keys", "pressed_ms", "dwell_ms"} & set(signal)
