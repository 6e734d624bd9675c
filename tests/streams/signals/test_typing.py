"""Typing: rhythm against the person's own."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.signals import typing
from streams.signals.extraction import extract_signal
from streams.state import Baseline
from tests.support.data.builders import keystrokes
from tests.support.data.event_strategies import events

STEADY = {
    name: Baseline(mean, 0.0, 10) for name, mean in {"typing.backspace_rate": 0.1, "typing.flight_ms": 100.0}.items()
}
NO_PAUSE = {"typing.pause_ms": "no_pause"}
REASONS = {"too_few_keys", "not_ascending", "not_observed", "no_consent", "no_pause", "too_fast", "out_of_range"}
NUMBERS = st.floats() | st.floats(0, 2000)


def burst(pressed: list[float], keys: list[str] | None = None, dwell: list[float | None] | None = None) -> Any:
    return typing.extract(keys or ["letter"] * len(pressed), pressed, dwell or [80.0] * len(pressed))


def test_an_even_burst_is_measured() -> None:
    extract = burst([0, 100, 200, 300, 400], keys=["letter", "letter", "backspace", "letter", "space"])
    assert extract.features == {
        "typing.dwell_ms": 80.0,
        "typing.flight_ms": 100.0,
        "typing.speed": 10.0,
        "typing.pause_share": 0.0,
        "typing.pause_ms": None,
        "typing.backspace_rate": 0.2,
    }
    assert extract.reasons == {"typing.pause_ms": "no_pause"}


def test_five_keys_are_enough_and_four_are_not() -> None:
    assert burst([0, 100, 200, 300, 400]).reasons == NO_PAUSE
    few = burst([0, 100, 200, 300])
    assert few.features == dict.fromkeys(typing.FEATURES)
    assert set(few.reasons.values()) == {"too_few_keys"}
    assert set(burst([]).reasons.values()) == {"too_few_keys"}


def test_presses_that_go_back_in_time_are_not_measured() -> None:
    assert set(burst([0, 100, 50, 300, 400]).reasons.values()) == {"not_ascending"}
    assert burst([0, 100, 100, 300, 400]).reasons == NO_PAUSE


@pytest.mark.parametrize(
    ("pressed", "reason"),
    [
        ([-0.1, 100.0, 200.0, 300.0, 400.0], "out_of_range"),
        ([0.0, 100.0, 200.0, 300.0, 3_600_000.1], "out_of_range"),
        ([0.0, 100.0, math.nan, 300.0, 400.0], "not_finite"),
        ([0.0, 100.0, 200.0, 300.0, math.inf], "not_finite"),
        ([0.0] * 5, "too_fast"),
        ([0.0, 20.0, 40.0, 60.0, 79.0], "too_fast"),
        ([1e300, 1e301, 1e302, 1e303, 1e304], "out_of_range"),
    ],
)
def test_a_burst_nobody_can_have_typed_is_null_with_the_reason(pressed: list[float], reason: str) -> None:
    result = burst(pressed)
    assert result.features == dict.fromkeys(typing.FEATURES)
    assert result.reasons == dict.fromkeys(typing.FEATURES, reason)


def test_fifty_keys_a_second_are_still_believed() -> None:
    assert burst([0.0, 20.0, 40.0, 60.0, 80.0]).features["typing.speed"] == 50.0


def test_arrays_of_different_lengths_are_not_measured() -> None:
    assert set(typing.extract(["letter"] * 5, [0.0] * 5, [80.0] * 4).reasons.values()) == {"lengths_differ"}


def test_a_gap_of_a_second_is_typing_and_a_longer_one_is_a_pause() -> None:
    assert burst([0, 1000, 1100, 1200, 1300]).features["typing.pause_share"] == 0.0
    longer = burst([0, 1001, 1101, 1201, 1301])
    assert longer.features["typing.pause_share"] == 0.25
    assert longer.features["typing.pause_ms"] == 1001.0
    assert longer.features["typing.flight_ms"] == 100.0
    assert longer.features["typing.speed"] == 10.0
    assert longer.reasons == {}


def test_a_burst_of_pauses_has_no_flight_time_and_says_why() -> None:
    extract = burst([0, 2000, 4000, 6000, 8000])
    assert extract.features["typing.flight_ms"] is None
    assert extract.features["typing.pause_ms"] == 2000.0
    assert extract.reasons == {"typing.flight_ms": "not_observed", "typing.speed": "not_observed"}


def test_keys_never_seen_released_have_no_dwell_and_a_stuck_key_does_not_count() -> None:
    even = [0.0, 100.0, 200.0, 300.0, 400.0]
    assert burst(even, dwell=[None] * 5).reasons == {"typing.dwell_ms": "not_observed"} | NO_PAUSE
    assert burst(even, dwell=[2000.0, 2000.1, 0.0, -1.0, math.nan]).features["typing.dwell_ms"] == 2000.0


def test_nothing_is_said_until_the_person_is_known() -> None:
    usual, unusual = (burst([0, 100, 200, 300, 400], keys=keys).features for keys in (None, ["backspace"] * 5))
    baselines: dict[str, Baseline] = {}
    for _ in range(3):
        observation, _ = typing.observe(unusual, baselines, 0.9, 1.5)
        assert observation is None
        _, baselines = typing.observe(usual, baselines, 0.9, 1.5)
    observation, _ = typing.observe(unusual, baselines, 0.9, 1.5)
    assert observation is not None
    assert observation.parts == {"typing.backspace_rate": pytest.approx(0.3)}


def test_more_corrections_than_usual_read_as_frustration() -> None:
    observation, learned = typing.observe({"typing.backspace_rate": 0.18}, STEADY, 0.9, 1.5)
    assert observation is not None
    assert observation.value == pytest.approx(0.1 * 2)  # two of the least deviations of 0.04
    assert observation.sd == 0.9
    assert learned["typing.backspace_rate"].count == 11


@pytest.mark.parametrize(("rate", "said"), [(0.159, False), (0.161, True), (0.1, False), (0.0, False)])
def test_a_usual_rhythm_and_fewer_corrections_say_nothing_but_are_learned(rate: float, said: bool) -> None:
    observation, learned = typing.observe({"typing.backspace_rate": rate}, STEADY, 0.9, 1.5)
    assert (observation is not None) is said
    assert learned["typing.backspace_rate"].count == 11


@pytest.mark.parametrize(
    ("feature", "towards", "away"),
    [
        ("typing.dwell_ms", 0.0, 1e9),
        ("typing.flight_ms", 0.0, 1e9),
        ("typing.speed", 50.0, 0.0),
        ("typing.pause_share", 1.0, 0.0),
        ("typing.backspace_rate", 1.0, 0.0),
    ],
)
def test_each_feature_speaks_one_way_only(feature: str, towards: float, away: float) -> None:
    known = {feature: Baseline({"typing.speed": 5.0}.get(feature, 80.0 if feature.endswith("ms") else 0.5), 0.0, 10)}
    assert typing.observe({feature: away}, known, 0.9, 1.5)[0] is None
    observation, _ = typing.observe({feature: towards}, known, 0.9, 1.5)
    assert observation is not None
    assert observation.value == pytest.approx(3 * abs(typing.WEIGHTS[feature][0]))


def test_what_was_not_measured_neither_speaks_nor_is_learned() -> None:
    observation, learned = typing.observe({"typing.flight_ms": None}, STEADY, 0.9, 1.5)
    assert observation is None
    assert learned == STEADY


def test_forgetting_takes_typing_and_nothing_else() -> None:
    assert typing.forget(STEADY | {"latency.wait": Baseline(1.0, 0.0, 3)}) == {"latency.wait": Baseline(1.0, 0.0, 3)}


def test_without_consent_nothing_is_measured() -> None:
    signal = extract_signal("keystrokes", keystrokes(consent=False), ("conversation.keystrokes", 0, 0))
    assert signal["features"] == dict.fromkeys(typing.FEATURES)
    assert set(signal["reasons"].values()) == {"no_consent"}
    assert signal["keystroke_consent"] is False


@given(events("keystrokes"))
def test_any_burst_gives_finite_numbers_or_a_reason(event: dict[str, Any]) -> None:
    signal = extract_signal("keystrokes", event, ("conversation.keystrokes", 0, 0))
    assert set(signal["features"]) == set(typing.FEATURES)
    assert all(number is None or math.isfinite(number) for number in signal["features"].values())
    assert {name for name, number in signal["features"].items() if number is None} == set(signal["reasons"])
    assert set(signal["reasons"].values()) <= REASONS
    assert signal["cues"] == []
    assert not {"keys", "pressed_ms", "dwell_ms"} & set(signal)


@given(st.lists(st.tuples(st.lists(NUMBERS, max_size=9), st.lists(st.none() | NUMBERS, max_size=9)), max_size=8))
def test_whatever_comes_past_ingest_gives_numbers_or_reasons_and_a_bounded_value(bursts: list[Any]) -> None:
    baselines: dict[str, Baseline] = {}
    for pressed, dwell in bursts:
        for presses in (pressed, sorted(abs(item) for item in pressed)):
            extract = typing.extract(["letter"] * len(presses), presses, dwell)
            nulls = {name for name, number in extract.features.items() if number is None}
            assert nulls == set(extract.reasons)
            assert all(
                number is None or (math.isfinite(number) and number >= 0) for number in extract.features.values()
            )
            observation, baselines = typing.observe(extract.features, baselines, 0.9, 1.5)
            assert observation is None or 0.0 < observation.value <= 0.75 + 1e-9
            assert observation is None or sum(observation.parts.values()) == observation.value
