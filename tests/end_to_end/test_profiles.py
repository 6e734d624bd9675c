"""Customers who come back: what is known of them reaches their next conversation, whatever dies in between."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from agents.privacy import profiles
from agents.recordings import replay
from schemas.topics import Name
from streams.customers.partition import mark_key_of
from tests.end_to_end.test_crash import caught_up, settled
from tests.support.bus_events import ANGRY, CALM, burst, conversation, message, now_ms
from tests.support.deployment import Deployment, eventually

START = now_ms() - 3_600_000
LATER = START + 1_800_000
CROSS = "I am still waiting and it does not work."


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    return new_deployment(tick_s=4.0)


def visit(deployment: Deployment, name: str, customer: str, at: int, texts: list[str]) -> None:
    """A conversation that the platform says was solved."""
    deployment.send(Name.MESSAGES, *visited(name, customer, at, texts))


def visits(deployment: Deployment, name: str, customers: list[str], at: int, texts: list[str]) -> None:
    """One such conversation of each customer."""
    every = [visited(f"{name}-{number}", customer, at, texts) for number, customer in enumerate(customers)]
    deployment.send(Name.MESSAGES, *(turn for turns in every for turn in turns))


def visited(name: str, customer: str, at: int, texts: list[str]) -> list[dict[str, Any]]:
    turns = [turn | {"customer_id": customer} for turn in conversation(name, texts, at, 30_000)]
    turns[0] |= {"keystroke_consent": True}
    turns[-1] |= {"status": "resolved"}
    return turns


def notes(deployment: Deployment, kind: str) -> list[dict[str, Any]]:
    return [note for note in deployment.decoded(Name.CUSTOMERS) if note["kind"] == kind]


def brought(deployment: Deployment, conversation_id: str) -> list[dict[str, Any]]:
    """Profiles that stand in the log for a conversation."""
    return [one for one in answers(deployment) if one["conversation_id"] == conversation_id]


def answers(deployment: Deployment) -> list[dict[str, Any]]:
    """All profiles that stand in the log."""
    return [one for one in deployment.decoded(Name.SIGNALS) if one["kind"] == "profile"]


def remembered(deployment: Deployment, customer: str) -> Callable[[], dict[str, Any] | None]:
    return lambda: profiles.find_profile(deployment.settings, "default", customer)


def test_a_second_conversation_knows_the_customer(deployment: Deployment) -> None:
    deployment.start_worker()
    deployment.send(Name.KEYSTROKES, *[burst("first", customer_id="anna", event_time=START) for _ in range(6)])
    visit(deployment, "first", "anna", START + 1000, [CROSS] * 5)
    found = eventually(remembered(deployment, "anna"), "anna is remembered")
    assert found["conversations"] == 1
    visit(deployment, "second", "anna", LATER, [CROSS] * 3)
    [profile] = eventually(lambda: brought(deployment, "second"), "the profile is in the log")
    assert profile["profile"]["tone"] > 0
    assert profile["customer_id"] == "anna"
    eventually(lambda: caught_up(deployment), "the rest")
    deployment.send(Name.MESSAGES, message("second", CROSS, customer_id="anna", event_time=LATER + 95_000))
    points = eventually(lambda: len(points := deployment.points("second")) == 4 and points, "another turn")
    assert "profile.tone" in {one["signal"] for one in points[-1]["contributions"]}
    assert not brought(deployment, "first")
    verdict = settled(deployment)
    assert verdict.equal, verdict
    assert verdict.events == verdict.folded
    assert verdict.expected["customer_note"] == len(deployment.read(Name.CUSTOMERS)) == 4


@pytest.mark.reference
def test_a_profile_survives_a_worker_killed_between_note_and_answer(new_deployment: Callable[..., Deployment]) -> None:
    """Killed over and over while customers come and go: every note counts once, every answer comes."""
    deployment = new_deployment(poll_records=25, tick_s=4.0)
    customers = [f"customer-{number}" for number in range(40)]
    visits(deployment, "first", customers, START, [CROSS] * 4)
    kill_when(deployment, lambda: len(notes(deployment, "opened")) >= 5)
    kill_when(deployment, lambda: len(notes(deployment, "learned")) >= 20)
    worker = deployment.start_worker()
    eventually(lambda: len({note["note_id"] for note in notes(deployment, "learned")}) == 40, "all first visits told")
    eventually(lambda: caught_up(deployment), "and remembered", 60)
    os.kill(worker.pid, signal.SIGKILL)
    visits(deployment, "second", customers, LATER, [CALM] * 3)
    kill_when(deployment, lambda: bool(answers(deployment)))
    deployment.start_worker()
    verdict = settled(deployment)
    assert verdict.equal, verdict
    assert verdict.expected == verdict.published
    told = answers(deployment)
    for number in range(len(customers)):
        assert {one["profile"]["conversations"] for one in told if one["conversation_id"] == f"second-{number}"} >= {1}
    for customer in customers[::8]:
        found = profiles.find_profile(deployment.settings, "default", customer)
        assert found is not None and (found["conversations"], found["turns"]) == (2, 7)


def kill_when(deployment: Deployment, condition: Callable[[], bool]) -> None:
    worker = deployment.start_worker()
    eventually(condition, "the worker is in the middle")
    os.kill(worker.pid, signal.SIGKILL)
    eventually(lambda: not worker.alive, "the worker is dead")


@pytest.mark.reference
def test_an_erased_customer_stays_erased(deployment: Deployment) -> None:
    deployment.start_worker()
    visit(deployment, "before", "bert", START, [CROSS] * 3)
    eventually(remembered(deployment, "bert"), "bert is remembered")
    running = [turn | {"customer_id": "bert"} for turn in conversation("running", [ANGRY] * 3, LATER, 30_000)]
    deployment.send(Name.MESSAGES, *running)
    eventually(lambda: len(deployment.points("running")) == 3, "a conversation is running")
    older = next(one for one in deployment.read(Name.CUSTOMERS) if one.key == b"bert")
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
    found = eventually(remembered(deployment, "bert"), "a new beginning")
    assert found["conversations"] == 1
    assert not brought(deployment, "after")
    verdict = settled(deployment)
    assert verdict.equal, verdict


def test_a_broken_note_is_a_dead_letter_and_stops_nobody(deployment: Deployment) -> None:
    deployment.start_worker()
    deployment.produce([(Name.CUSTOMERS, "carl", b"not a note", {})])
    eventually(lambda: deployment.dead_letters(Name.CUSTOMERS), "a dead letter")
    visit(deployment, "carl", "carl", START, [CALM] * 2)
    eventually(remembered(deployment, "carl"), "carl is remembered")
