"""Turns are remembered as the fold reads them, found again by what a rating says, and never too many."""

from typing import Any

import pytest

from streams.signals.extraction import Signal, forget_signal
from streams.text_model import turn_features
from streams.text_model.labels import MessageLabel
from streams.text_model.turn_cache import TurnCache
from tests.support.data.builders import CALM, FURIOUS, GLAD, answer, keystrokes, log, message, moment

IDLE_MS = 1_800_000
MARK = MessageLabel(True, None, weak=False)


def rating(message_id: str | None = None, at: float = 1e6, **changes: Any) -> dict[str, Any]:
    said = {"tenant": "default", "conversation_id": "c1", "message_id": message_id, "event_time": moment(at)}
    return said | changes


def remembered(signals: list[Signal], conversations: int = 9, turns: int = 9) -> TurnCache:
    turn_cache = TurnCache(conversations, turns, IDLE_MS)
    for signal in signals:
        turn_cache.add(signal)
    return turn_cache


def conversation() -> list[dict[str, Any]]:
    return [
        message(CALM, 0, event_id="m1"),
        answer(at=20),
        message(FURIOUS, 40, event_id="m2"),
        keystrokes(50),
        message(None, 60, event_id="m3"),
        answer(None, at=70),
        message(GLAD, 80, event_id="m4"),
    ]


@pytest.mark.parametrize("name", ["m1", "m2", "m3", "m4"])
def test_a_turn_has_the_very_features_it_had_when_it_was_read(name: str) -> None:
    signals = log(*conversation())
    expected = {
        signal["event_id"]: turn
        for signal, turn in turn_features.customer_turns(s for s in signals if s["kind"] == "message")
    }
    lesson = remembered(signals).match_rating(rating(name), MARK)
    assert lesson is not None
    assert lesson[0] == expected[name]
    assert (lesson[0].read is None) == (name == "m3")


def test_what_comes_twice_counts_once() -> None:
    signals = log(*conversation())
    once, twice = remembered(signals), remembered([one for signal in signals for one in (signal, signal)])
    assert twice.match_rating(rating("m4"), MARK) == once.match_rating(rating("m4"), MARK)


@pytest.mark.parametrize(("at", "name"), [(0, "m1"), (39, "m1"), (41, "m2"), (79, "m3"), (1e6, "m4")])
def test_without_a_name_the_last_turn_before_the_rating_is_meant(at: float, name: str) -> None:
    turns = remembered(log(*conversation()))
    assert turns.match_rating(rating(at=at), MARK) == turns.match_rating(rating(name), MARK)


@pytest.mark.parametrize(
    "unknown",
    [
        rating("m9"),
        rating(at=-1),
        rating(conversation_id="c9"),
        rating("m1", tenant="another"),
        rating("m1", at=-1) | {"message_id": "m0"},
    ],
)
def test_a_turn_nobody_knows_is_no_lesson(unknown: dict[str, Any]) -> None:
    assert remembered(log(*conversation())).match_rating(unknown, MARK) is None


def test_an_operators_message_is_no_turn() -> None:
    assert remembered(log(answer(at=1, event_id="o1"))).match_rating(rating("o1"), MARK) is None


def test_silence_begins_the_dialogue_anew_and_keeps_the_turns() -> None:
    late = message(FURIOUS, IDLE_MS / 1000 + 80, event_id="late")
    turns = remembered(log(*conversation(), late))
    anew = remembered(log(message(FURIOUS, 0, event_id="late")))
    assert turns.match_rating(rating("late"), MARK) == anew.match_rating(rating("late"), MARK)
    assert turns.match_rating(rating("m4"), MARK) is not None


def test_no_more_is_remembered_than_asked_and_the_most_silent_is_forgotten() -> None:
    talk = [
        message(CALM, at, conversation_id=f"c{number}", event_id=f"{number}-{at}")
        for at in range(4)
        for number in range(3)
    ]
    turns = remembered(log(*talk, message(CALM, 9, conversation_id="c9")), conversations=3, turns=2)
    assert len(turns) == 3
    assert turns.match_rating(rating("0-3", conversation_id="c0"), MARK) is None
    assert turns.match_rating(rating("1-3", conversation_id="c1"), MARK) is not None
    assert turns.match_rating(rating("1-1", conversation_id="c1"), MARK) is None


def test_a_rise_is_told_between_two_messages_whose_intensity_was_said() -> None:
    turns = remembered(log(*conversation()))
    said = [("m1", 0.2), ("m2", 0.8), ("m3", None), ("m4", 0.1), ("m2", 0.9)]
    lessons = [turns.match_rating(rating(name), MessageLabel(True, intensity, weak=False)) for name, intensity in said]
    assert [lesson and lesson[1].rose for lesson in lessons] == [None, True, None, False, None]


def test_turns_of_who_is_forgotten_are_forgotten() -> None:
    signals = log(*conversation(), message(CALM, 90, conversation_id="c2", customer_id="u2", event_id="m5"))
    result = remembered(
        [*signals, forget_signal("default", "nobody", moment(95)), forget_signal("another", "u1", moment(95))]
    )
    assert len(result) == 2
    result.add(forget_signal("default", "u1", moment(100)))
    assert result.match_rating(rating("m4"), MARK) is None
    assert result.match_rating(rating("m5", conversation_id="c2"), MARK) is not None
