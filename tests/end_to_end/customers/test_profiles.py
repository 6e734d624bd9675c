"""Profiles of returning customers reach their next conversation."""

from collections.abc import Callable

import pytest

from agents.privacy import profiles
from agents.recordings import replay
from schemas.topics import Name
from streams.customers.partition import mark_key_of
from tests.support.bus_events import ANGRY, CALM, burst, conversation, message, now_ms
from tests.support.customer_visits import CROSS, LATER, START, brought, notes, remembered, visit
from tests.support.deployment import Deployment, eventually
from tests.support.verification import caught_up, verify_once_caught_up


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    return new_deployment(tick_s=4.0)


def test_a_second_conversation_knows_the_customer(deployment: Deployment) -> None:
    deployment.start_worker()
    deployment.send(Name.KEYSTROKES, *[burst("first", customer_id="anna", event_time=START) for _ in range(6)])
    visit(deployment, "first", "anna", START + 1000, [CROSS] * 5)
    remembered_profile = eventually(remembered(deployment, "anna"), "anna is remembered")
    assert remembered_profile["conversations"] == 1
    visit(deployment, "second", "anna", LATER, [CROSS] * 3)
    [profile] = eventually(lambda: brought(deployment, "second"), "the profile is in the log")
    assert profile["profile"]["tone"] > 0
    assert profile["customer_id"] == "anna"
    eventually(lambda: caught_up(deployment), "the rest")
    deployment.send(Name.MESSAGES, message("second", CROSS, customer_id="anna", event_time=LATER + 95_000))
    points = eventually(lambda: len(points := deployment.points("second")) == 4 and points, "another turn")
    assert "profile.tone" in {contribution["signal"] for contribution in points[-1]["contributions"]}
    assert not brought(deployment, "first")
    verdict = verify_once_caught_up(deployment)
    assert verdict.equal, verdict
    assert verdict.events == verdict.folded
    assert verdict.expected["customer_note"] == len(deployment.read(Name.CUSTOMERS)) == 4


@pytest.mark.reference
def test_an_erased_customer_stays_erased(deployment: Deployment) -> None:
    deployment.start_worker()
    visit(deployment, "before", "bert", START, [CROSS] * 3)
    eventually(remembered(deployment, "bert"), "bert is remembered")
    running = [turn | {"customer_id": "bert"} for turn in conversation("running", [ANGRY] * 3, LATER, 30_000)]
    deployment.send(Name.MESSAGES, *running)
    eventually(lambda: len(deployment.points("running")) == 3, "a conversation is running")
    older = next(note for note in deployment.read(Name.CUSTOMERS) if note.key == b"bert")
    profiles.request_erasure(deployment.settings, "default", "bert")
    eventually(lambda: remembered(deployment, "bert")() is None, "bert is forgotten")
    deployment.produce([(Name.CUSTOMERS, "bert", older.value, dict(older.headers))])  # replayed
    replay.publish_closing_tick(deployment.settings, LATER + 90_000)  # the running one ends and tells
    eventually(lambda: len(notes(deployment, "learned")) == 2, "the running conversation has told")
    eventually(lambda: caught_up(deployment), "all notes are read")
    assert remembered(deployment, "bert")() is None
    assert profiles.read_state(deployment.settings, mark_key_of({"tenant": "default", "customer_id": "bert"}))
    deployment.stop()
    deployment.start_worker()
    visit(deployment, "after", "bert", now_ms() + 60_000, [CALM] * 2)
    new_profile = eventually(remembered(deployment, "bert"), "a new beginning")
    assert new_profile["conversations"] == 1
    assert not brought(deployment, "after")
    verdict = verify_once_caught_up(deployment)
    assert verdict.equal, verdict


def test_a_broken_note_is_a_dead_letter_and_stops_nobody(deployment: Deployment) -> None:
    deployment.start_worker()
    deployment.produce([(Name.CUSTOMERS, "carl", b"not a note", {})])
    eventually(lambda: deployment.dead_letters(Name.CUSTOMERS), "a dead letter")
    visit(deployment, "carl", "carl", START, [CALM] * 2)
    eventually(remembered(deployment, "carl"), "carl is remembered")
