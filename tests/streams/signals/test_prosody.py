"""Prosody: a voice against the person's own, with consent only."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.signals import prosody
from streams.signals.baselines import ENOUGH
from streams.signals.extraction import extract_signal
from streams.state import Baseline
from tests.support.data import builders
from tests.support.data.event_strategies import events

SD = 2.0
USUAL = prosody.extract(builders.prosody()).features
KNOWN = {name: Baseline(value, 0.0, 10) for name, value in USUAL.items() if value is not None}
REASONS = {"not_measured", "out_of_range", "silence", "too_short", "too_long", "no_consent"}
ANYTHING = st.none() | st.floats(width=32)


def believed(name: str, value: float | None) -> tuple[float | None, str | None]:
    """A measure after it was read, and why it is null."""
    extract = prosody.extract(builders.prosody(**{name: value}))
    return extract.features[f"prosody.{name}"], extract.reasons.get(f"prosody.{name}")


def test_a_frame_is_carried_under_its_names() -> None:
    extract = prosody.extract(builders.prosody())
    assert tuple(extract.features) == prosody.NAMES
    assert extract.features["prosody.speech_rate"] == 4.5
    assert extract.reasons == {}


def test_an_unvoiced_stretch_has_no_pitch_and_says_so() -> None:
    extract = prosody.extract(builders.prosody(f0_semitones=None))
    assert extract.reasons == {"prosody.f0_semitones": "not_measured"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("f0_semitones", 5.0),
        ("f0_semitones", 80.0),
        ("f0_sd_semitones", -0.1),
        ("speech_rate", 200.0),
        ("speech_rate", 0.0),
        ("jitter", -0.01),
        ("jitter", math.nan),
        ("shimmer", 1.1),
        ("hnr_db", -200.0),
        ("hnr_db", math.inf),
        ("loudness_db", 7.0),
        ("loudness_db", math.nan),
    ],
)
def test_what_no_voice_does_is_not_believed_and_the_rest_is(name: str, value: float) -> None:
    assert believed(name, value) == (None, "out_of_range")
    extract = prosody.extract(builders.prosody(**{name: value}))
    assert len(extract.reasons) == 1


@pytest.mark.parametrize("name", prosody.FEATURES)
def test_the_ends_of_a_range_are_believed(name: str) -> None:
    for value in prosody.RANGES[name]:
        assert believed(name, value) == (value, None)


def test_silence_is_unknown_altogether() -> None:
    assert set(prosody.extract(builders.prosody(loudness_db=-60.0)).reasons) == set()
    silent = prosody.extract(builders.prosody(loudness_db=-60.1))
    assert silent.features == dict.fromkeys(prosody.NAMES)
    assert silent.reasons == dict.fromkeys(prosody.NAMES, "silence")


@pytest.mark.parametrize(
    ("duration_ms", "reason"),
    [(0.0, "too_short"), (-1.0, "too_short"), (249.0, "too_short"), (math.nan, "too_short"), (3.7e6, "too_long")],
)
def test_a_stretch_of_no_sensible_length_is_not_read(duration_ms: float, reason: str) -> None:
    extract = prosody.extract(builders.prosody(duration_ms=duration_ms))
    assert extract.reasons == dict.fromkeys(prosody.NAMES, reason)
    assert extract.features == dict.fromkeys(prosody.NAMES)


def test_a_quarter_of_a_second_is_enough() -> None:
    assert prosody.extract(builders.prosody(duration_ms=250.0)).reasons == {}


def test_without_consent_nothing_is_carried() -> None:
    signal = extract_signal("prosody", builders.prosody(consent=False), ("conversation.prosody", 0, 0))
    assert signal["features"] == dict.fromkeys(prosody.NAMES)
    assert signal["reasons"] == dict.fromkeys(prosody.NAMES, "no_consent")
    assert signal["voice_consent"] is False


@given(events("prosody"))
def test_any_frame_gives_believable_numbers_or_a_reason(event: dict[str, Any]) -> None:
    signal = extract_signal("prosody", event, ("conversation.prosody", 0, 0))
    assert_believable(signal["features"], signal["reasons"])


@given(st.fixed_dictionaries(dict.fromkeys(("duration_ms", *prosody.FEATURES), ANYTHING)))
def test_not_even_what_validation_would_refuse_gets_through(measures: dict[str, Any]) -> None:
    extract = prosody.extract(builders.prosody(**measures | {"duration_ms": measures["duration_ms"] or 0.0}))
    assert_believable(extract.features, extract.reasons)


def assert_believable(features: dict[str, float | None], reasons: dict[str, str]) -> None:
    assert set(features) == set(prosody.NAMES)
    assert {name for name, number in features.items() if number is None} == set(reasons)
    assert set(reasons.values()) <= REASONS
    for name, number in features.items():
        low, high = prosody.RANGES[name.removeprefix("prosody.")]
        assert number is None or low <= number <= high


def test_nothing_is_said_until_the_voice_is_known() -> None:
    baselines: dict[str, Baseline] = {}
    for _ in range(ENOUGH):
        observation, baselines = prosody.observe(USUAL, baselines, SD)
        assert observation is None
    observation, _ = prosody.observe(USUAL, baselines, SD)
    assert observation is not None
    assert (observation.value, observation.sd) == (0.0, SD)


@pytest.mark.parametrize("name", prosody.NAMES)
def test_each_measure_speaks_by_its_weight_in_deviations_of_its_own_unit(name: str) -> None:
    weight, least_sd = prosody.WEIGHTS[name]
    observation, learned = prosody.observe({name: KNOWN[name].mean + 2 * least_sd}, KNOWN, SD)
    assert observation is not None
    assert observation.parts == {name: pytest.approx(2 * weight)}
    assert learned[name].count == 11


def test_louder_higher_livelier_and_faster_is_frustration_and_the_reverse_is_not() -> None:
    shift = {"f0_semitones": 3.0, "f0_sd_semitones": 1.0, "speech_rate": 1.0, "loudness_db": 6.0}
    for sign in (1, -1):
        moved = {f"prosody.{name}": KNOWN[f"prosody.{name}"].mean + sign * by for name, by in shift.items()}
        observation, _ = prosody.observe(moved, KNOWN, SD)
        assert observation is not None
        assert observation.value * sign > 0.3


def test_trembling_alone_says_next_to_nothing() -> None:
    tremor = {"prosody.jitter": 0.3, "prosody.shimmer": 1.0, "prosody.hnr_db": -20.0}
    observation, _ = prosody.observe(tremor, KNOWN, SD)
    assert observation is not None
    assert 0.0 < observation.value <= 0.12 + 1e-9  # of 1.2 that all together can say


def test_a_person_who_is_always_loud_is_not_frustrated_by_it() -> None:
    loud = {**KNOWN, "prosody.loudness_db": Baseline(-6.0, 1.0, 30)}
    observation, _ = prosody.observe({"prosody.loudness_db": -6.0}, loud, SD)
    assert observation is not None
    assert observation.value == 0.0


def test_what_was_not_measured_neither_speaks_nor_is_learned() -> None:
    assert prosody.observe(dict.fromkeys(prosody.NAMES), KNOWN, SD) == (None, KNOWN)
    assert prosody.observe({}, KNOWN, SD) == (None, KNOWN)


def test_a_voice_is_remembered_for_five_minutes_of_frames() -> None:
    baselines: dict[str, Baseline] = {}
    for _ in range(2 * prosody.MEMORY):
        _, baselines = prosody.observe(USUAL, baselines, SD)
    assert {baseline.count for baseline in baselines.values()} == {prosody.MEMORY}


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(prosody.FEATURES, ANYTHING)), max_size=12))
def test_any_course_of_a_voice_is_read_as_finite_bounded_numbers(course: list[dict[str, Any]]) -> None:
    baselines: dict[str, Baseline] = {}
    for measures in course:
        features = prosody.extract(builders.prosody(**measures)).features
        observation, baselines = prosody.observe(features, baselines, SD)
        assert all(math.isfinite(baseline.mean) and baseline.variance >= 0.0 for baseline in baselines.values())
        if observation is not None:
            assert abs(observation.value) <= 1.2 + 1e-9
            assert observation.value == pytest.approx(sum(observation.parts.values()))


def test_forgetting_takes_the_voice_and_nothing_else() -> None:
    assert prosody.forget(KNOWN | {"typing.dwell_ms": Baseline(80.0, 0.0, 3)}) == {
        "typing.dwell_ms": Baseline(80.0, 0.0, 3)
    }
