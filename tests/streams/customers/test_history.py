"""A customer's history: counted over conversations, with how far it can be believed; nothing where little is known."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.customers.history import ENOUGH, summarise_history
from streams.experiment.proportions import share
from streams.interventions.options import CONTROL
from streams.signals.cues import TOPICS, find_customer_cues
from streams.signals.labels import DESCRIPTIONS
from streams.text_model.hashing import tokenize

Row = dict[str, Any]


def turn(conversation: str, number: int, level: float, before: float | None, *cues: str, by: float = 0.1) -> Row:
    return {
        "conversation_id": conversation,
        "event_time": number * 1000,
        "channel": "chat",
        "turn": number,
        "level": level,
        "level_before": before,
        "raised": level > 0.5,
        "cues": list(cues),
        "contributions": [(cue, by) for cue in cues],
    }


def outcome(option: str, reward: float | None) -> Row:
    return {"conversation_id": "c", "option": option, "reward": reward}


def end(conversation: str, opened_at: int, event_time: int, ended: str) -> Row:
    return {"conversation_id": conversation, "opened_at": opened_at, "event_time": event_time, "ended": ended}


def told(turns: Any = (), outcomes: Any = (), ends: Any = (), proven: Any = ()) -> Row:
    return summarise_history(list(turns), outcomes, ends, proven, 0.05)


def proven(option: str, low: float, verdict: str = "helped") -> Row:
    return {"option": option, "n": 400, "mean": low + 0.1, "low": low, "high": low + 0.2, "verdict": verdict}


def test_conversations_in_order_each_life_of_its_own() -> None:
    ends = [end("b", 900, 4000, "resolved")]
    turns = [turn("b", 1, 0.1, None), turn("b", 2, 0.6, 0.1), turn("b", 1, 0.2, None) | {"event_time": 9000}]
    first, second = told(turns, ends=[*ends, end("b", 8999, 12_000, "silent")])["conversations"]
    assert (first["turns"], first["levels"], first["highest"], first["last"]) == (2, [0.1, 0.6], 0.6, 0.6)
    assert (first["raised"], first["ended"]) == (True, "resolved")
    assert (second["raised"], second["ended"]) == (False, "silent")
    assert [conversation["ended"] for conversation in told(turns, ends=ends)["conversations"]] == [
        "resolved",
        None,
    ]  # it goes on
    assert told([turn("c", 1, 0.0, None)], ends=ends)["conversations"][0]["ended"] is None


def test_a_trigger_recurs_over_conversations_and_moves_the_level_up() -> None:
    turns = [turn(name, n, 0.1, None, "text.waiting") for name in "ab" for n in (1, 2)]
    once = [turn("a", 3, 0.2, 0.1, "text.blame"), turn("a", 4, 0.2, 0.1, "text.blame")]
    down = [turn(name, 5, 0.2, 0.1, "text.gratitude", by=-0.2) for name in "ab"]
    [found] = told([*turns, *once, *down])["triggers"]
    assert found == {"cue": "text.waiting", "words": "speaks of waiting", "conversations": 2, "turns": 4}


def test_a_topic_rises_only_where_the_intervals_do_not_meet() -> None:
    rising = [turn("a", n, 0.3, 0.1, "topic.price") for n in range(8)]
    calm = [turn("a", n, 0.1, 0.1) for n in range(20)]
    [found] = told([*rising, *calm])["topics"]
    assert (found["topic"], found["verdict"], found["turns"]) == ("topic.price", "rises with it", 8)
    assert (found["rose"]["hits"], found["rose"]["of"], found["rose_else"]["hits"]) == (8, 8, 0)
    [few] = told([*rising[: ENOUGH - 1], *calm])["topics"]
    assert few["verdict"] == "too little evidence"
    [mixed] = told([*rising, *(item | {"level": 0.1} for item in rising), *rising[:4], *calm[:5]])["topics"]
    assert mixed["verdict"] == "unclear"
    assert told(calm)["topics"] == []


def test_what_followed_an_option_beside_being_left_alone() -> None:
    seen = [outcome("slow", 0.2), outcome("slow", -0.2), outcome("slow", 0.01), outcome("slow", None)]
    slow, alone = told(outcomes=[outcome(CONTROL, 0.3), *seen])["options"]
    assert (slow["option"], slow["tried"], slow["seen"], slow["fell"]["hits"], slow["fell"]["of"]) == (
        "slow",
        4,
        3,
        1,
        2,
    )
    assert (alone["option"], alone["fell"]["of"]) == (CONTROL, 1)


def test_the_customers_own_record_comes_first() -> None:
    found = told(outcomes=[outcome("slow", 0.2)] * 6, proven=[proven("own", 0.3)])["approach"]
    assert (found["option"], found["from"], found["evidence"]["of"]) == ("slow", "customer", 6)
    assert found["evidence"]["low"] > 0.5


def test_with_too_little_what_holds_for_everybody() -> None:
    few = [outcome("slow", 0.2)] * (ENOUGH - 1)
    result = told(outcomes=few, proven=[proven("any", 0.9), proven("own", 0.1), proven("else", 0.2, "no effect shown")])
    assert (result["approach"]["option"], result["approach"]["from"]) == ("own", "everybody")
    assert result["approach"]["evidence"] == {"n": 400, "mean": 0.2, "low": 0.1, "high": 0.1 + 0.2}


def test_unknown_is_unknown() -> None:
    nothing = {"option": None, "from": None, "evidence": None, "avoid": [], "reason": "too little evidence"}
    assert told()["approach"] == nothing
    assert told(outcomes=[outcome("slow", None)] * 9)["approach"] == nothing
    assert told(outcomes=[outcome(CONTROL, 0.2)] * 9)["approach"] == nothing
    assert told(outcomes=[outcome("slow", 0.2), outcome("slow", -0.2)] * 9)["approach"] == nothing


def test_what_failed_is_avoided_even_where_it_helps_everybody() -> None:
    found = told(outcomes=[outcome("slow", -0.2)] * 6, proven=[proven("slow", 0.2)])["approach"]
    assert (found["option"], found["avoid"]) == (None, ["slow"])


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("why did you charge me twice, i want a refund", "topic.price"),
        ("is my password safe with you", "topic.security"),
        ("i have been waiting for weeks", "topic.delay"),
        ("you promised, how can i trust you", "topic.trust"),
    ],
)
def test_topics_are_named_by_what_is_said(said: str, topic: str) -> None:
    assert [cue for cue in find_customer_cues(said, tokenize(said)) if cue in TOPICS] == [topic]


def test_every_topic_has_words() -> None:
    assert set(TOPICS) <= DESCRIPTIONS.keys()


@given(st.integers(0, 60), st.integers(0, 60))
def test_a_share_lies_in_its_interval(hits: int, misses: int) -> None:
    result = share(hits, hits + misses)
    if hits + misses == 0:
        assert result["share"] is result["low"] is result["high"] is None
        return
    assert 0 <= result["low"] <= result["share"] <= result["high"] <= 1
    assert result["high"] - result["low"] > 0
    more = share(2 * hits, 2 * (hits + misses))
    assert more["high"] - more["low"] < result["high"] - result["low"]


def test_a_share_as_published() -> None:
    """Newcombe 1998, table I: 81 of 263, .2553 to .3662."""
    result = share(81, 263)
    assert (round(result["low"], 4), round(result["high"], 4)) == (0.2553, 0.3662)


LEVELS = st.floats(-1, 1)
CUES = st.lists(st.sampled_from([*TOPICS, "text.waiting", "text.blame"]), max_size=3, unique=True)
TURNS = st.lists(
    st.builds(
        lambda name, number, level, before, cues: turn(name, number, level, before, *cues),
        st.sampled_from("abc"),
        st.integers(1, 5),
        LEVELS,
        LEVELS | st.none(),
        CUES,
    ),
    max_size=20,
)
OUTCOMES = st.lists(
    st.builds(outcome, st.sampled_from(["slow", "own", CONTROL]), st.floats(-1, 1) | st.none()), max_size=20
)


@given(TURNS, OUTCOMES)
def test_whatever_is_on_record_is_told(turns: list[Row], outcomes: list[Row]) -> None:
    result = told(turns, outcomes, proven=[proven("own", 0.1)])
    assert json.loads(json.dumps(result, allow_nan=False))["turns"] == len(turns)
    assert sum(conversation["turns"] for conversation in result["conversations"]) == len(turns)
    assert sum(option["tried"] for option in result["options"]) == len(outcomes)
    assert result["approach"]["option"] not in result["approach"]["avoid"]
