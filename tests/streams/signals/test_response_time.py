"""Latency: waiting and replying, against the conversation's own pace."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.signals import response_time
from streams.state import Baseline
from tests.support.data.builders import moment

TIMES = st.integers(0, 10**13)


def test_a_turn_after_an_answer_has_a_wait_and_a_reply_time() -> None:
    numbers = response_time.measure(moment(0), moment(32), moment(40))
    assert numbers == {"latency.wait": 5.0, "latency.reply": 3.0}


@pytest.mark.parametrize(
    ("customer", "operator", "now"),
    [
        (0, 0, moment(1)),  # the first turn
        (0, moment(1), moment(2)),  # greeted before the first turn
        (moment(5), moment(5), moment(6)),  # the answer came in the same millisecond
        (moment(1), moment(9), moment(5)),  # the turn arrives late, before the answer
    ],
)
def test_without_an_answer_in_between_there_is_no_pace(customer: int, operator: int, now: int) -> None:
    assert response_time.measure(customer, operator, now) == {}


@pytest.mark.parametrize("operator", [0, moment(1)])
def test_a_customer_who_writes_again_has_waited_without_an_answer(operator: int) -> None:
    assert response_time.measure(moment(5), operator, moment(13)) == {"latency.unanswered": 3.0}


def test_under_a_second_nobody_is_faster_than_another() -> None:
    assert response_time.measure(moment(0), moment(0.001), moment(0.001)) == {"latency.wait": 0.0, "latency.reply": 0.0}


def test_the_first_three_turns_only_teach_the_pace() -> None:
    baselines: dict[str, Baseline] = {}
    for _ in range(3):
        observation, _ = response_time.observe({"latency.wait": 8.0}, baselines, 0.9, 1.5)
        assert observation is None
        _, baselines = response_time.observe({"latency.wait": 5.0}, baselines, 0.9, 1.5)
    longer, _ = response_time.observe({"latency.wait": 6.4}, baselines, 0.9, 1.5)
    assert longer is not None
    assert longer.value == pytest.approx(0.1 * 1.4 / 0.7)
    assert longer.sd == 0.9


def test_a_much_quicker_reply_than_usual_reads_as_a_little_more_frustrated() -> None:
    observation, _ = response_time.observe({"latency.reply": 1.6}, {"latency.reply": Baseline(3.0, 0.0, 5)}, 0.9, 1.5)
    assert observation is not None
    assert observation.value == pytest.approx(0.1)


@pytest.mark.parametrize("numbers", [{"latency.wait": 4.0}, {"latency.wait": 0.0}, {"latency.reply": 9.0}])
def test_a_usual_pace_and_a_quicker_answer_say_nothing(numbers: dict[str, float]) -> None:
    known = {"latency.wait": Baseline(4.0, 0.0, 9), "latency.reply": Baseline(4.0, 0.0, 9)}
    assert response_time.observe(numbers, known, 0.9, 1.5)[0] is None


def test_a_wait_without_an_answer_is_held_against_the_operators_pace_which_does_not_learn_it() -> None:
    known = {"latency.wait": Baseline(4.0, 0.0, 9)}
    observation, learned = response_time.observe({"latency.unanswered": 5.4}, known, 0.9, 1.5)
    assert observation is not None
    assert observation.parts == {"latency.unanswered": pytest.approx(0.2)}
    assert learned == known
    assert response_time.observe({"latency.unanswered": 3.0}, known, 0.9, 1.5)[0] is None
    assert response_time.observe({"latency.unanswered": 9.0}, {}, 0.9, 1.5)[0] is None


@given(TIMES, TIMES, TIMES)
def test_any_times_give_finite_numbers_never_negative(customer: int, operator: int, now: int) -> None:
    assert all(
        math.isfinite(number) and number >= 0.0 for number in response_time.measure(customer, operator, now).values()
    )


@given(st.lists(st.tuples(TIMES, TIMES, TIMES), max_size=12))
def test_whatever_the_times_the_value_is_bounded(turns: list[tuple[int, int, int]]) -> None:
    baselines: dict[str, Baseline] = {}
    for times in turns:
        observation, baselines = response_time.observe(response_time.measure(*times), baselines, 0.9, 1.5)
        assert observation is None or 0.0 < observation.value <= 0.45 + 1e-9
