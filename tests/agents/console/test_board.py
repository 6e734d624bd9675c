"""The board in memory: what is told in any order, and twice, counts once."""

import random

from hypothesis import given
from hypothesis import strategies as st

from agents.console.board import (
    MOST,
    SPARK_POINTS,
    Board,
    BoardConversation,
    BoardPoint,
    BoardQuery,
    TimelineMarker,
    wanted,
)

KEY = ("default", "c1")
HOUR = 3_600_000


def point(turn: int, level: float = 0.5, **changes: object) -> BoardPoint:
    return BoardPoint(turn * 1000, turn, level, 0.1, None, 1.0, level > 0.6, "u1", "chat")._replace(**changes)  # type: ignore[arg-type]


def told(*points: BoardPoint, marks: tuple[TimelineMarker, ...] = ()) -> BoardConversation:
    board = Board(HOUR)
    for one in points:
        board.point(KEY, f"{one.at} {one.turn}", one, 1)
    for one in marks:
        board.mark(KEY, str(one), one, 1)
    [found] = board.settle(1)
    return found


@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_the_order_of_telling_and_repeats_do_not_count(rng: random.Random, turns: int) -> None:
    points = [point(turn, turn / 60) for turn in range(1, turns + 1)]
    mixed = points * 2
    rng.shuffle(mixed)
    row = told(*mixed).row
    assert row == told(*points).row
    assert row is not None
    assert row["turn"] == turns
    assert row["levels"] == [round(one.level, 3) for one in points][-SPARK_POINTS:]


def test_what_is_told_again_is_no_new_version() -> None:
    board = Board(HOUR)
    for _ in range(3):
        board.point(KEY, "p1", point(1), 1)
        board.mark(KEY, "d1", TimelineMarker(1000, 1, "control", "control"), 1)
        board.settle(1)
    assert board.version_of(KEY) == 1
    board.point(KEY, "p2", point(2), 2)
    board.settle(2)
    assert board.version_of(KEY) == 2
    assert board.version_of(("default", "other")) == 0


def test_old_points_told_again_change_nothing() -> None:
    board = Board(HOUR)
    points = [point(turn) for turn in range(1, SPARK_POINTS + 6)]
    for _ in range(2):
        for one in points:
            board.point(KEY, str(one.turn), one, 1)
        [found] = board.settle(1)
    assert board.version_of(KEY) == 1
    assert len(found.points) == SPARK_POINTS


def test_a_mark_stands_at_its_turn_and_an_outcome_at_its_time() -> None:
    points = [point(turn) for turn in (1, 2, 3, 4)]
    marks = (
        TimelineMarker(2500, 2, "intervention", "slow"),
        TimelineMarker(3500, None, "fell", "slow"),
        TimelineMarker(10, None, "rose", "early"),
    )
    row = told(*points, marks=marks).row
    assert row is not None
    assert row["marks"] == [(1, "intervention", "slow"), (2, "fell", "slow")]


def test_what_was_done_last_is_last_even_where_an_outcome_led_to_it() -> None:
    points = [point(turn) for turn in (1, 2, 3)]
    marks = (
        TimelineMarker(3000, 3, "intervention", "own"),
        TimelineMarker(3000, None, "rose", "slow"),
        TimelineMarker(1000, 1, "control", "control"),
    )
    row = told(*points, marks=marks).row
    assert row is not None
    assert [kind for _, kind, _ in row["marks"]] == ["control", "rose", "intervention"]


def test_a_mark_of_a_second_life_stands_in_it() -> None:
    points = [point(1), point(2), point(1, at=9000), point(2, at=10_000)]
    row = told(*points, marks=(TimelineMarker(10_000, 2, "control", "control"),)).row
    assert row is not None
    assert row["marks"] == [(3, "control", "control")]


def test_an_ended_conversation_is_shown_when_asked_for_and_live_again_when_it_speaks() -> None:
    board = Board(HOUR)
    board.point(KEY, "p1", point(1), 1)
    board.end(KEY, 1500, "resolved", 1)
    found = board.settle(1)
    assert wanted(found, BoardQuery()) == []
    assert [one.row["ended"] for one in wanted(found, BoardQuery(ended=True)) if one.row] == ["resolved"]
    board.point(KEY, "p2", point(2), 2)
    assert len(wanted(board.settle(2), BoardQuery())) == 1


def test_who_is_silent_leaves_and_the_number_is_bounded() -> None:
    board = Board(HOUR)
    board.point(KEY, "p1", point(1), 1)
    assert len(board.settle(HOUR)) == 1
    assert board.settle(HOUR + 2) == ()
    for number in range(MOST + 5):
        board.point(("default", str(number)), "p1", point(1), 10 + number)
    kept = board.settle(100)
    assert len(kept) == MOST
    assert min(one.written for one in kept) == 15


def test_an_outcome_without_any_point_is_not_shown() -> None:
    board = Board(HOUR)
    board.mark(KEY, "o1", TimelineMarker(1000, None, "fell", "slow"), 1)
    assert board.settle(1) == ()


def test_wishes() -> None:
    board = Board(HOUR)
    for number, level in enumerate((0.2, 0.9, 0.9, -0.1)):
        key = (f"tenant-{number % 2}", f"Talk-{number}")
        board.point(key, "p", point(10 - number, level, customer=f"Customer-{number}"), 1)
    found = board.settle(1)
    order = lambda **wish: [one.key[1] for one in wanted(found, BoardQuery(**wish))]  # noqa: E731
    assert order() == ["Talk-2", "Talk-1", "Talk-0", "Talk-3"]
    assert order(by="recent") == ["Talk-0", "Talk-1", "Talk-2", "Talk-3"]
    assert order(raised=True) == ["Talk-2", "Talk-1"]
    assert order(tenant="tenant-1") == ["Talk-1", "Talk-3"]
    assert order(text="talk-3") == order(text="CUSTOMER-3") == ["Talk-3"]
