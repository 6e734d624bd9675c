"""The belief against a second implementation, written plainly from its definition."""

from dataclasses import replace
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.belief import estimator
from streams.belief.estimator import Observation
from streams.config.model import BeliefConfig
from streams.state import Belief
from tests.support.data.builders import moment

USUAL = BeliefConfig()
SEEN = st.tuples(st.floats(0, 4000), st.floats(-1.5, 1.5), st.floats(0.1, 1.0))
PARTS = st.dictionaries(st.sampled_from("abcdef"), st.floats(-1, 1), min_size=1)


def saw(value: float, sd: float = 0.35) -> Observation:
    return Observation(value, sd, {"text.sentiment": value})


def after(*seen: tuple[float, float], config: BeliefConfig = USUAL, start: Belief | None = None) -> Belief:
    """The belief after (seconds, value) readings of a text's reliability."""
    state = start or estimator.initial_belief(moment(0), config)
    for at, value in seen:
        state = estimator.update(state, saw(value), moment(at), config)
    return state


def reference(seen: list[tuple[float, float, float]], c: BeliefConfig) -> np.ndarray:
    """Level, variance, alarm and raised after each (gap in seconds, value, sd): predict, gate, correct, sum."""
    level, p, alarm, raised = np.float64(0), np.float64(c.prior_sd) ** 2, np.float64(0), False
    rows = []
    for gap, value, sd in seen:
        seconds = np.round(gap * 1000) / 1000
        p = np.maximum(p, np.minimum(p + c.drift * seconds, c.max_sd**2))
        r = np.square(sd)
        innovation = value - level
        r *= np.maximum(1.0, np.abs(innovation) / np.sqrt(p + r) / c.gate) ** 2
        k = p / (p + r)
        rise = np.clip(level + c.shift, c.shift, c.shift_most)
        level, p = level + k * innovation, p * r / (p + r)
        spread = np.hypot(sd, c.noise_floor)
        drift = rise / spread
        alarm = np.clip(alarm + drift * (np.minimum(value / spread, c.clip) - drift / 2), 0.0, c.ceiling)
        raised = bool(alarm > c.threshold or (raised and alarm >= c.clear))
        rows.append((level, p, alarm, raised))
    return np.array(rows, dtype=float)


@given(
    st.lists(SEEN, min_size=1, max_size=40),
    st.sampled_from([USUAL, BeliefConfig(threshold=2.0, clear=1.0, ceiling=4.0)]),
)
def test_kalman_and_cusum_agree_with_a_second_implementation(
    seen: list[tuple[float, float, float]], config: BeliefConfig
) -> None:
    state, at, rows = estimator.initial_belief(moment(0), config), moment(0), []
    for gap, value, sd in seen:
        at += round(gap * 1000)
        state = estimator.update(state, saw(value, sd), at, config)
        rows.append((state.level, state.variance, state.alarm, state.raised))
    np.testing.assert_allclose(np.array(rows, dtype=float), reference(seen, config), rtol=1e-9, atol=1e-12)


def test_before_anything_was_seen_the_level_is_usual_and_the_alarm_silent() -> None:
    state = estimator.initial_belief(moment(0), USUAL)
    assert (state.level, state.alarm, state.raised) == (0.0, 0.0, False)
    assert state.variance == USUAL.prior_sd**2


def test_every_observation_makes_surer_and_silence_less_sure() -> None:
    first = after((0, 0.1))
    assert first.variance < USUAL.prior_sd**2
    assert estimator.predict_variance(first, moment(100), USUAL) == pytest.approx(first.variance + 100 * USUAL.drift)


def test_a_night_of_silence_makes_no_less_sure_than_the_limit() -> None:
    assert estimator.predict_variance(after((0, 0.1)), moment(1e7), USUAL) == USUAL.max_sd**2


@given(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7))
def test_uncertainty_only_grows_with_time(one: float, other: float) -> None:
    state = after((0, 0.1))
    early, late = sorted((moment(one), moment(other)))
    assert (
        state.variance
        <= estimator.predict_variance(state, early, USUAL)
        <= estimator.predict_variance(state, late, USUAL)
    )


def test_an_event_from_the_past_counts_as_now() -> None:
    now = after((100, 0.1))
    assert estimator.predict_variance(now, moment(50), USUAL) == now.variance
    assert estimator.update(now, saw(0.5), moment(50), USUAL) == estimator.update(now, saw(0.5), moment(100), USUAL)


def test_an_outlier_counts_less_than_its_size() -> None:
    within, outside = (estimator.filter_level(0.0, 0.01, Observation(value, 0.1, {}), USUAL) for value in (0.28, 2.8))
    assert within[0] == pytest.approx(0.14)
    assert outside[0] < 10 * within[0] * 0.1
    assert outside[1] > within[1]


@given(st.floats(-2, 2), st.floats(0.001, 0.25), st.floats(-5, 5), st.floats(0.05, 2))
def test_the_level_moves_towards_what_was_seen_and_never_beyond(
    level: float, variance: float, value: float, sd: float
) -> None:
    found, left = estimator.filter_level(level, variance, Observation(value, sd, {}), USUAL)
    assert min(level, value) - 1e-9 <= found <= max(level, value) + 1e-9
    assert 0.0 < left <= variance


@given(st.floats(-10, 1e6), st.floats(1e-3, 5), st.floats(0, 0.6))
def test_no_single_reading_fires_the_alarm_however_wild_or_sure(value: float, sd: float, level: float) -> None:
    """Whatever rise is sought, a likelihood ratio clipped at c deviations is at most c²/2."""
    before = msgspec.structs.replace(estimator.initial_belief(moment(0), USUAL), level=level, alarm=USUAL.clear)
    assert (
        estimator.cusum_step(saw(value, sd), estimator.target_rise(before, USUAL), USUAL)[1] <= USUAL.clip**2 / 2 + 1e-9
    )
    assert not estimator.update(before, saw(value, sd), moment(60), USUAL).raised


def step(value: float, sd: float = 0.35, rise: float = 0.3) -> float:
    return estimator.cusum_step(saw(value, sd), rise, USUAL)[1]


@given(st.floats(-2, 2), st.floats(0.1, 1), st.floats(0.1, 0.6))
def test_the_step_is_a_log_likelihood_ratio(value: float, sd: float, rise: float) -> None:
    s = (sd**2 + USUAL.noise_floor**2) ** 0.5
    clipped = min(value, USUAL.clip * s)
    ratio = ((clipped**2) - (clipped - rise) ** 2) / (2 * s**2)
    assert step(value, sd, rise) == pytest.approx(ratio, abs=1e-9)


def test_a_reading_as_usual_lets_the_alarm_fall() -> None:
    assert step(0.0) < 0.0


def test_the_less_reliable_a_channel_the_less_it_moves_the_alarm() -> None:
    steps = [step(0.5, sd) for sd in (0.35, 0.5, 0.9)]
    assert steps == sorted(steps, reverse=True)


def at_level(level: float) -> Belief:
    return msgspec.structs.replace(estimator.initial_belief(moment(0), USUAL), level=level)


@pytest.mark.parametrize(
    ("level", "rise"),
    [(0.0, 0.2), (-0.5, 0.2), (0.25, 0.45), (0.9, 0.6)],
)
def test_the_rise_sought_stands_above_the_level_so_far(level: float, rise: float) -> None:
    assert estimator.target_rise(at_level(level), USUAL) == pytest.approx(rise)


def test_once_raised_it_stays_raised_until_the_alarm_is_clear() -> None:
    furious = after(*((i, 1.0) for i in range(6)))
    assert furious.raised
    trail = [furious]
    while trail[-1].alarm > 0.0:
        trail.append(estimator.update(trail[-1], saw(0.0), trail[-1].at + 1000, USUAL))
    assert any(item.raised and item.alarm < USUAL.threshold for item in trail)
    assert all(item.raised == (item.alarm >= USUAL.clear) for item in trail)
    quiet = next(item for item in trail if not item.raised)
    again = estimator.update(quiet, saw(0.5), quiet.at + 1000, USUAL)
    assert again.alarm > USUAL.clear or not again.raised
    assert not again.raised


@pytest.mark.parametrize(
    ("raised", "alarm", "expected"),
    [(False, 6.4, False), (False, 6.41, True), (True, 2.5, True), (True, 2.49, False), (False, 2.5, False)],
)
def test_the_thresholds_themselves(raised: bool, alarm: float, expected: bool) -> None:
    assert estimator.is_raised(raised, alarm, USUAL) is expected


def test_the_alarm_stops_at_its_ceiling_so_that_peace_is_seen_in_finite_time() -> None:
    state = after(*((i, 1.5) for i in range(500)))
    assert state.alarm == USUAL.ceiling
    calm = after(*((500 + i, 0.0) for i in range(60)), start=state)
    assert not calm.raised


READINGS = st.lists(st.tuples(st.floats(0, 600), PARTS, st.floats(0.1, 1.0)), min_size=1, max_size=12)


def told(ranked: list[dict[str, str | float]]) -> list[float]:
    """The shares, checked to stand strongest first."""
    results = [float(item["share"]) for item in ranked]
    assert all(abs(earlier) >= abs(later) for earlier, later in pairwise(results))
    return results


def after_readings(readings: list[tuple[float, dict[str, float], float]]) -> Belief:
    state, at = estimator.initial_belief(moment(0), USUAL), 0.0
    for gap, parts, sd in readings:
        at += gap
        state = estimator.update(state, Observation(sum(parts.values()), sd, parts), moment(at), USUAL)
    return state


@given(READINGS)
def test_movements_sum_to_the_change_of_the_level(readings: list[tuple[float, dict[str, float], float]]) -> None:
    state = after_readings(readings)
    assert sum(told(estimator.rank_movements(state.moved, state.level))) == pytest.approx(state.level, abs=1e-9)


def test_a_first_reading_moves_the_level_by_its_gain_and_nothing_settles() -> None:
    state = estimator.update(
        estimator.initial_belief(moment(0), USUAL), Observation(0.2, 0.35, {"a": 0.3, "b": -0.1}), moment(0), USUAL
    )
    gain = USUAL.prior_sd**2 / (USUAL.prior_sd**2 + 0.35**2)
    moved = {movement["signal"]: movement["share"] for movement in estimator.rank_movements(state.moved, state.level)}
    assert moved["a"] == pytest.approx(0.3 * gain)
    assert moved["b"] == pytest.approx(-0.1 * gain)
    assert moved.get(estimator.SETTLING, 0.0) == pytest.approx(0.0, abs=1e-12)


def test_a_reading_below_the_level_lets_it_settle() -> None:
    risen = after(*((i, 0.8) for i in range(8)))
    start = msgspec.structs.replace(risen, moved={})
    state = estimator.update(start, saw(0.05), risen.at + 60_000, USUAL)
    moved = {
        movement["signal"]: movement["share"]
        for movement in estimator.rank_movements(state.moved, state.level - risen.level)
    }
    assert moved["text.sentiment"] > 0.0 > moved[estimator.SETTLING]
    assert sum(moved.values()) == pytest.approx(state.level - risen.level)


@given(READINGS)
def test_shares_of_the_alarm_sum_to_one_in_absolute_value(
    readings: list[tuple[float, dict[str, float], float]],
) -> None:
    result = told(estimator.rank_shares(after_readings(readings).evidence))
    assert not result or sum(map(abs, result)) == pytest.approx(1.0)


def test_the_alarm_credits_a_wild_reading_no_further_than_the_clip() -> None:
    weight, moved = estimator.cusum_step(Observation(90.0, 0.35, {"a": 90.0}), 0.3, USUAL)
    assert 90.0 * weight == pytest.approx(moved + 0.3**2 / 2 / (0.35**2 + USUAL.noise_floor**2))


@pytest.mark.parametrize("evidence", [{}, {"a": 0.0}])
def test_where_nothing_moved_nothing_contributed(evidence: dict[str, float]) -> None:
    assert estimator.rank_shares(evidence) == []
    assert estimator.rank_movements(evidence, 0.0) == []


def test_equal_contributions_stand_by_name() -> None:
    assert [share["signal"] for share in estimator.rank_shares({"b": 1.0, "a": -1.0})] == ["a", "b"]


LOW = replace(USUAL, threshold=2.0, clear=1.0, ceiling=6.0)


@given(st.lists(SEEN, min_size=1, max_size=40), st.integers(1, 4))
def test_deferral_is_bounded_and_never_raises_sooner(seen: list[tuple[float, float, float]], most: int) -> None:
    waiting, at_once = estimator.initial_belief(moment(0), LOW), estimator.initial_belief(moment(0), LOW)
    at, above = moment(0), 0
    for gap, value, sd in seen:
        at += round(gap * 1000)
        before, waiting = waiting, estimator.update(waiting, saw(value, sd), at, replace(LOW, defer=most))
        at_once = estimator.update(at_once, saw(value, sd), at, LOW)
        above = above + 1 if waiting.alarm > LOW.threshold else 0
        assert waiting.deferred <= most
        assert above <= most or waiting.raised
        if not before.raised and not at_once.raised:
            assert not waiting.raised
        if waiting.raised:
            return


def test_deferral_waits_while_the_level_falls_and_raises_when_it_does_not_recover() -> None:
    config = replace(LOW, defer=2)
    near = msgspec.structs.replace(at_level(0.5), alarm=1.9)
    eased = estimator.update(near, saw(0.45), moment(10), config)
    assert eased.alarm > config.threshold
    assert (eased.raised, eased.deferred) == (False, 1)
    assert estimator.update(near, saw(0.45), moment(10), LOW).raised
    again = estimator.update(eased, saw(0.9), moment(20), config)
    assert (again.raised, again.deferred) == (False, 2)  # the level fell just before
    assert estimator.update(again, saw(0.9), moment(30), config).raised
    assert estimator.update(eased, saw(-1.0), moment(20), config).deferred == 0


def test_evidence_begins_when_the_alarm_leaves_zero() -> None:
    calm = estimator.update(
        estimator.initial_belief(moment(0), USUAL), Observation(-0.5, 0.35, {"text.relief": -0.5}), moment(1), USUAL
    )
    assert calm.alarm == 0.0
    assert calm.evidence == {}
    assert calm.moved != {}
    risen = estimator.update(calm, saw(1.0), moment(2), USUAL)
    assert set(risen.evidence) == {"text.sentiment"}


def test_a_slope_is_per_minute() -> None:
    assert estimator.fit_slope(((moment(0), 0.1), (moment(60), 0.3), (moment(120), 0.5))) == pytest.approx(0.2)


@pytest.mark.parametrize("points", [(), ((moment(0), 0.1),), ((moment(0), 0.1), (moment(0), 0.5))])
def test_without_two_moments_there_is_no_slope(points: tuple[tuple[int, float], ...]) -> None:
    assert estimator.fit_slope(points) is None


@given(st.lists(st.tuples(st.integers(0, 10**7), st.floats(-2, 2)), min_size=2, max_size=8, unique_by=lambda p: p[0]))
def test_the_slope_is_that_of_least_squares(points: list[tuple[int, float]]) -> None:
    minutes = np.array([at - points[0][0] for at, _ in points]) / 60_000
    matrix = np.column_stack([minutes - minutes.mean(), np.ones(len(points))])
    expected = np.linalg.lstsq(matrix / [np.abs(matrix[:, 0]).max(), 1], np.array([y for _, y in points]), rcond=None)[
        0
    ][0]
    assert estimator.fit_slope(tuple(points)) == pytest.approx(
        expected / np.abs(matrix[:, 0]).max(), rel=1e-6, abs=1e-6
    )
