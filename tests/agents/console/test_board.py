"""The board in memory: rows count once, in whatever order and however often they are added."""

import random

from hypothesis import given
from hypothesis import strategies as st

from agents.console.board import (
    MAX_CONVERSATIONS,
    SPARK_POINTS,
    Board,
    BoardConversation,
    BoardPoint,
    BoardQuery,
    TimelineMarker,
    select_conversations,
)

KEY = ("default", "c1")
HOUR = 3_600_000


def point(turn: int, level: float = 0.5, **changes: object) -> BoardPoint:
    return BoardPoint(turn * 1000, turn, level, 0.1, None, 1.0, level > 0.6, "u1", "chat")._replace(**changes)  # type: ignore[arg-type]


def conversation_of(*points: BoardPoint, marks: tuple[TimelineMarker, ...] = ()) -> BoardConversation:
    board = Board(HOUR)
    for added in points:
        board.add_point(KEY, f"{added.at} {added.turn}", added, 1)
    for marker in marks:
        board.add_marker(KEY, str(marker), marker, 1)
    [conversation] = board.update(1)
    return conversation


@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_order_and_repeats_do_not_matter(rng: random.Random, turns: int) -> None:
    points = [point(turn, turn / 60) for turn in range(1, turns + 1)]
    mixed = points * 2
    rng.shuffle(mixed)
    row = conversation_of(*mixed).row
    assert row == conversation_of(*points).row
    assert row is not None
    assert row["turn"] == turns
    assert row["levels"] == [round(added.level, 3) for added in points][-SPARK_POINTS:]


def test_a_repeated_row_is_no_new_version() -> None:
    board = Board(HOUR)
    for _ in range(3):
        board.add_point(KEY, "p1", point(1), 1)
        board.add_marker(KEY, "d1", TimelineMarker(1000, 1, "control", "control"), 1)
        board.update(1)
    assert board.version_of(KEY) == 1
    board.add_point(KEY, "p2", point(2), 2)
    board.update(2)
    assert board.version_of(KEY) == 2
    assert board.version_of(("default", "other")) == 0


def test_repeated_old_points_change_nothing() -> None:
    board = Board(HOUR)
    points = [point(turn) for turn in range(1, SPARK_POINTS + 6)]
    for _ in range(2):
        for added in points:
            board.add_point(KEY, str(added.turn), added, 1)
        [conversation] = board.update(1)
    assert board.version_of(KEY) == 1
    assert len(conversation.points) == SPARK_POINTS


def test_a_decision_is_placed_at_its_turn_and_an_outcome_at_its_time() -> None:
    points = [point(turn) for turn in (1, 2, 3, 4)]
    marks = (
        TimelineMarker(2500, 2, "intervention", "slow"),
        TimelineMarker(3500, None, "fell", "slow"),
        TimelineMarker(10, None, "rose", "early"),
    )
    row = conversation_of(*points, marks=marks).row
    assert row is not None
    assert row["marks"] == [(1, "intervention", "slow"), (2, "fell", "slow")]


def test_a_decision_follows_the_outcome_that_led_to_it() -> None:
    points = [point(turn) for turn in (1, 2, 3)]
    marks = (
        TimelineMarker(3000, 3, "intervention", "own"),
        TimelineMarker(3000, None, "rose", "slow"),
        TimelineMarker(1000, 1, "control", "control"),
    )
    row = conversation_of(*points, marks=marks).row
    assert row is not None
    assert [kind for _, kind, _ in row["marks"]] == ["control", "rose", "intervention"]


def test_a_marker_is_placed_in_the_conversation_after_a_restart() -> None:
    points = [point(1), point(2), point(1, at=9000), point(2, at=10_000)]
    row = conversation_of(*points, marks=(TimelineMarker(10_000, 2, "control", "control"),)).row
    assert row is not None
    assert row["marks"] == [(3, "control", "control")]


def test_an_ended_conversation_is_filtered_and_live_again_after_a_new_turn() -> None:
    board = Board(HOUR)
    board.add_point(KEY, "p1", point(1), 1)
    board.end(KEY, 1500, "resolved", 1)
    conversations = board.update(1)
    assert select_conversations(conversations, BoardQuery()) == []
    assert [one.row["ended"] for one in select_conversations(conversations, BoardQuery(ended=True)) if one.row] == [
        "resolved"
    ]
    board.add_point(KEY, "p2", point(2), 2)
    assert len(select_conversations(board.update(2), BoardQuery())) == 1


def test_silent_conversations_are_removed_and_the_number_is_bounded() -> None:
    board = Board(HOUR)
    board.add_point(KEY, "p1", point(1), 1)
    assert len(board.update(HOUR)) == 1
    assert board.update(HOUR + 2) == ()
    for number in range(MAX_CONVERSATIONS + 5):
        board.add_point(("default", str(number)), "p1", point(1), 10 + number)
    kept = board.update(100)
    assert len(kept) == MAX_CONVERSATIONS
    assert min(one.written for one in kept) == 15


def test_an_outcome_without_any_point_is_not_shown() -> None:
    board = Board(HOUR)
    board.add_marker(KEY, "o1", TimelineMarker(1000, None, "fell", "slow"), 1)
    assert board.update(1) == ()


def test_filters_and_orders() -> None:
    board = Board(HOUR)
    for number, level in enumerate((0.2, 0.9, 0.9, -0.1)):
        key = (f"tenant-{number % 2}", f"Talk-{number}")
        board.add_point(key, "p", point(10 - number, level, customer=f"Customer-{number}"), 1)
    conversations = board.update(1)
    order = lambda **query: [one.key[1] for one in select_conversations(conversations, BoardQuery(**query))]  # noqa: E731
    assert order() == ["Talk-2", "Talk-1", "Talk-0", "Talk-3"]
    assert order(by="recent") == ["Talk-0", "Talk-1", "Talk-2", "Talk-3"]
    assert order(raised=True) == ["Talk-2", "Talk-1"]
    assert order(tenant="tenant-1") == ["Talk-1", "Talk-3"]
    assert order(text="talk-3") == order(text="CUSTOMER-3") == ["Talk-3"]
