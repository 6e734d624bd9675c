"""Stints: who had which conversation when, from assignments and customers' beliefs."""

from itertools import pairwise
from typing import Any

from hypothesis import given as holds_for
from hypothesis import strategies as st

from streams.workload.assignments import (
    Assignment,
    AssignmentInterval,
    BeliefPoint,
    ConversationLog,
    active_spans,
    assignment_intervals,
)
from streams.workload.intervals import intersect_spans, merge_spans, total_length

IDLE = 100
UNTIL = 1000


def talk(assignments: list[Assignment], beliefs: dict[int, bool]) -> ConversationLog:
    return ConversationLog(assignments, {at: BeliefPoint(1, raised) for at, raised in beliefs.items()}, "chat")


def given(at: int, operator: str | None, team: str | None = "t") -> Assignment:
    return Assignment(at, f"e{at}", operator, team)


def test_from_hand_to_hand() -> None:
    result = assignment_intervals(
        talk([given(0, "a"), given(50, "b"), given(80, None)], {10: True, 60: False}), 200, IDLE
    )
    assert result == [
        AssignmentInterval(0, 50, "a", "t", ((10, 50),), "chat"),
        AssignmentInterval(50, 80, "b", "t", ((50, 60),), "chat"),
    ]


def test_said_again_is_one_stint() -> None:
    result = assignment_intervals(talk([given(0, "a"), given(20, "a"), given(50, "a", "u")], {10: True}), 60, IDLE)
    assert [(item.start, item.end, item.team) for item in result] == [(0, 50, "t"), (50, 60, "u")]
    assert result[0].hostile == ((10, 50),)


def test_nobody_known_has_none() -> None:
    assert assignment_intervals(talk([given(0, None)], {10: True}), 50, IDLE) == []
    assert assignment_intervals(talk([], {10: True}), 50, IDLE) == []


def test_silence_ends_it_and_it_is_not_taken_up_by_itself() -> None:
    result = assignment_intervals(talk([given(0, "a")], {10: True, 60: True, 500: True}), UNTIL, IDLE)
    assert [(item.start, item.end) for item in result] == [(0, 61)]
    again = assignment_intervals(talk([given(0, "a"), given(490, "a")], {10: True, 60: True, 500: True}), 550, IDLE)
    assert [(item.start, item.end, item.hostile) for item in again] == [(0, 61, ((10, 61),)), (490, 550, ((500, 550),))]


def test_what_lies_ahead_is_not_looked_at() -> None:
    whole = talk([given(0, "a"), given(30, "b")], {10: True, 40: False})
    assert assignment_intervals(whole, 20, IDLE) == [AssignmentInterval(0, 20, "a", "t", ((10, 20),), "chat")]


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda item: (item[0], sum(item))), max_size=8)


@holds_for(SPANS, st.integers(0, 70), st.integers(1, 30))
def test_spans_are_their_moments(spans: list[tuple[int, int]], start: int, long: int) -> None:
    moments = {moment for span in spans for moment in range(*span)}
    assert total_length(spans) == len(moments)
    assert total_length(intersect_spans(spans, (start, start + long))) == len(moments & set(range(start, start + long)))
    assert {moment for merge_span in merge_spans(spans) for moment in range(*merge_span)} == moments


OPERATOR = st.sampled_from(["a", "b", None])
ASSIGNMENTS = st.dictionaries(st.integers(0, 120), OPERATOR, max_size=5)
BELIEFS = st.dictionaries(st.integers(0, 120), st.booleans(), max_size=6)


@holds_for(ASSIGNMENTS, BELIEFS, st.integers(1, 150), st.sampled_from([7, 40, 1000]))
def test_moment_by_moment(who: dict[int, str | None], what: dict[int, bool], until: int, idle: int) -> None:
    """The last assignee has it, hostile where the customer's last turn says so, until it falls silent."""
    result = assignment_intervals(talk([given(at, name) for at, name in who.items()], what), until, idle)
    times = sorted({at for at in {*who, *what} if at < until})
    silences = [pair for pair in pairwise([*times, until]) if pair[1] - pair[0] > idle]

    def last(known: dict[int, Any], moment: int) -> Any:
        """What was last said by a moment; None where a silence came after it."""
        said = max((at for at in known if at <= moment), default=None)
        over = said is None or any(said <= before < moment for before, _ in silences)
        return None if over else known[said]

    for moment in range(until):
        has = [item for item in result if item.start <= moment < item.end]
        assert [item.operator for item in has] == [item for item in [last(who, moment)] if item is not None]
        for one in has:
            assert any(start <= moment < end for start, end in one.hostile) == bool(last(what, moment))


@holds_for(st.lists(st.integers(0, 500), max_size=9), st.integers(1, 600), st.integers(1, 200))
def test_living_spans_do_not_overlap_and_end_in_time(times: list[int], until: int, idle: int) -> None:
    result = active_spans([at for at in times if at < until], until, idle)
    assert merge_spans(result) == result
    assert all(start < end <= until for start, end in result)
