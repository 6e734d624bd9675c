"""Latency: waiting and replying, against the conversation's own pace."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.signals import latency
from streams.state import Baseline
from tests.streams.builders import moment

TIMES = st.integers(0, 10**13)


def test_a_turn_after_an_answer_has_a_wait_and_a_reply_time() -> None:
    numbers = latency.measure(moment(0), moment(32), moment(40))
    assert numbers == {"latency.wait": 5.0, "latency.reply": 3.0}


@pytest.mark.parametrize(
    ("customer", "operator", "now"),
    [
        (0, 0, moment(1)),  # the first turn
        (0, moment(1), moment(2)),  # greeted before the first turn
        (moment(1), 0, moment(2)),  # nobody answered yet
        (moment(5), moment(1), moment(6)),  # a second turn in a row
        (moment(5), moment(5), moment(6)),  # the answer came in the same millisecond
        (moment(1), moment(9), moment(5)),  # the turn arrives late, before the answer
    ],
)
def test_without_an_answer_in_between_there_is_no_pace(customer: int, operator: int, now: int) -> None:
    assert latency.measure(customer, operator, now) == {}


def test_under_a_second_nobody_is_faster_than_another() -> None:
    assert latency.measure(moment(0), moment(0.001), moment(0.001)) == {"latency.wait": 0.0, "latency.reply": 0.0}


def test_the_first_three_turns_only_teach_the_pace() -> None:
    baselines: dict[str, Baseline] = {}
    for _ in range(3):
        observation, baselines = latency.observe({"latency.wait": 5.0}, baselines, 0.9)
        assert observation is None
    longer, _ = latency.observe({"latency.wait": 6.4}, baselines, 0.9)
    assert longer is not None
    assert longer.value == pytest.approx(0.1 * 1.4 / 0.7)
    assert longer.sd == 0.9


def test_a_quicker_reply_than_usual_reads_as_a_little_more_frustrated() -> None:
    observation, _ = latency.observe({"latency.reply": 2.3}, {"latency.reply": Baseline(3.0, 0.0, 5)}, 0.9)
    assert observation is not None
    assert observation.value == pytest.approx(0.05)


@given(TIMES, TIMES, TIMES)
def test_any_times_give_finite_numbers_never_negative(customer: int, operator: int, now: int) -> None:
    assert all(math.isfinite(number) and number >= 0.0 for number in latency.measure(customer, operator, now).values())
