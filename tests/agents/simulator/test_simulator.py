"""The simulated day: reproducible, within the contracts, and plausible."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from agents.recordings.model import Event, Line, Truth
from agents.simulator import simulate
from agents.simulator.weeks import draw_customer, simulate_weeks
from schemas.json_form import from_json, to_json
from schemas.records import record
from schemas.topics import RECORD_OF, Name
from schemas.validation import Limits, check

MIDNIGHT_MS = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """A whole day."""
    return list(simulate(7))


@pytest.fixture(scope="module")
def events(lines: list[Line]) -> list[Event]:
    return [line for line in lines if isinstance(line, Event)]


@pytest.fixture(scope="module")
def truths(lines: list[Line]) -> dict[str, list[Truth]]:
    by_conversation = defaultdict(list)
    for line in lines:
        if isinstance(line, Truth):
            by_conversation[line.conversation_id].append(line)
    return by_conversation


def on_topic(events: list[Event], name: Name) -> list[Event]:
    return [event for event in events if event.topic == name]


def customers(events: list[Event]) -> list[Event]:
    """Messages of customers."""
    return [event for event in on_topic(events, Name.MESSAGES) if event.event["participant_role"] == "customer"]


def test_the_same_seed_gives_the_same_day() -> None:
    assert list(simulate(3, 20)) == list(simulate(3, 20))
    assert list(simulate(3, 20)) != list(simulate(4, 20))


def test_another_day_has_the_same_events_at_other_times() -> None:
    [first, *_], [later, *_] = simulate(3, 5), simulate(3, 5, date(2026, 3, 3))
    assert isinstance(first, Event) and isinstance(later, Event)
    assert later.event == {**first.event, "event_time": first.event["event_time"] + DAY_MS}


def test_a_day_without_conversations_is_empty() -> None:
    assert list(simulate(1, 0)) == []


def test_every_event_is_within_its_contract(events: list[Event]) -> None:
    now = MIDNIGHT_MS + 2 * DAY_MS
    for topic, key, event in events:
        name = RECORD_OF[Name(topic)]
        datum = from_json(record(name), to_json(dict(event)))
        assert datum == event
        check(name, datum, now, Limits())
        assert key == datum["conversation_id"]


def test_event_ids_are_unique_and_times_ascend_within_the_day(lines: list[Line], events: list[Event]) -> None:
    assert len({event.event["event_id"] for event in events}) == len(events)
    times = [line.event["event_time"] if isinstance(line, Event) else line.event_time for line in lines]
    assert times == sorted(times)
    assert times[0] >= MIDNIGHT_MS and times[-1] < MIDNIGHT_MS + DAY_MS


def test_a_day_has_the_size_and_mix_of_a_day(events: list[Event], truths: dict[str, list[Truth]]) -> None:
    counts = Counter(event.topic for event in events)
    beside = counts[Name.KEYSTROKES] + counts[Name.NAVIGATION]
    assert 14_000 <= len(events) <= 20_000
    assert 0.5 <= beside / (beside + len(customers(events))) <= 0.65
    assert counts[Name.RATINGS] > 10
    assert len({event.event["channel"] for event in events}) >= 4
    assert all(6 <= len(turns) <= 16 for turns in truths.values())


def test_truth_never_travels_on_the_bus(events: list[Event]) -> None:
    for event in events:
        assert not {"truth", "frustration"} & set(event.event)
        assert event.event.get("frustrated") is None  # a label of ratings, which are not simulated


def test_every_customer_turn_has_its_truth(events: list[Event], truths: dict[str, list[Truth]]) -> None:
    written = [(event.key, event.event["event_time"]) for event in customers(events)]
    labelled = [(truth.conversation_id, truth.event_time) for turns in truths.values() for truth in turns]
    assert sorted(written) == sorted(labelled)
    for turns in truths.values():
        assert [truth.turn for truth in turns] == list(range(1, len(turns) + 1))
        assert all(truth.frustration is not None and 0 <= truth.frustration <= 1 for truth in turns)
        assert all(truth.frustrated == ((truth.frustration or 0) >= 0.5) for truth in turns)


def test_most_conversations_stay_quiet(truths: dict[str, list[Truth]]) -> None:
    quiet = [turns for turns in truths.values() if not any(truth.frustrated for truth in turns)]
    assert 0.6 <= len(quiet) / len(truths) <= 0.8


def test_most_conversations_end_resolved_and_the_others_fall_silent(events: list[Event]) -> None:
    last = {event.key: event.event["status"] for event in on_topic(events, Name.MESSAGES)}
    assert set(last.values()) == {"resolved", "open"}
    assert 0.75 <= Counter(last.values())["resolved"] / len(last) <= 0.95


def test_about_a_third_agrees_to_typing_analysis(events: list[Event]) -> None:
    consents = {event.key: event.event["keystroke_consent"] for event in reversed(customers(events))}
    typed = on_topic(events, Name.KEYSTROKES)
    refused = [event for event in typed if not event.event["consent"]]
    assert set(consents.values()) == {True, False, None}
    assert 0.2 <= sum(consent is True for consent in consents.values()) / len(consents) <= 0.4
    assert 0 < len(refused) < 0.3 * len(typed)
    assert all(event.event["consent"] is (consents[event.key] is True) for event in typed)


def test_bursts_are_typed_before_the_message_they_belong_to(events: list[Event]) -> None:
    for event in on_topic(events, Name.KEYSTROKES):
        pressed = event.event["pressed_ms"]
        assert 8 <= len(pressed) <= 40
        assert pressed[0] == 0 and pressed == sorted(pressed)


def test_some_customers_return(events: list[Event]) -> None:
    seen = defaultdict(set)
    for event in events:
        if event.event["customer_id"]:
            seen[event.event["customer_id"]].add(event.key)
    assert sum(len(keys) > 1 for keys in seen.values()) > 10


def test_words_vary_and_struggles_follow_frustration(events: list[Event], truths: dict[str, list[Truth]]) -> None:
    texts = [event.event["text"] for event in customers(events)]
    assert len(set(texts)) > 0.85 * len(texts)
    dead = Counter(
        any(truth.frustrated for truth in truths[event.key])
        for event in on_topic(events, Name.NAVIGATION)
        if event.event["action"] == "click" and event.event["reaction_ms"] is None
    )
    assert dead[True] > dead[False]


def test_customers_come_back_as_the_same_people() -> None:
    lines = list(simulate_weeks(5, 4, 3))
    assert lines == list(simulate_weeks(5, 4, 3))
    events = [line for line in lines if isinstance(line, Event)]
    visits = defaultdict(set)
    for event in events:
        visits[event.event["customer_id"]].add(event.key)
    assert {name: len(keys) for name, keys in visits.items()} == {f"cust-{number:04d}": 3 for number in range(1, 5)}
    first = {event.key: event.event["event_time"] for event in reversed(customers(events))}
    for keys in visits.values():
        times = [first[key] for key in sorted(keys)]
        assert all(later - earlier > DAY_MS / 3 for earlier, later in pairwise(times))
    assert draw_customer(5, 1) == draw_customer(5, 1) != draw_customer(6, 1)
