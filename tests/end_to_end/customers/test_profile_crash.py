"""Profiles of returning customers reach their next conversation while workers are killed."""

import os
import signal
from collections.abc import Callable

import pytest

from agents.privacy import profiles
from tests.support.bus_events import CALM
from tests.support.customer_visits import (
    CROSS,
    LATER,
    START,
    answers,
    notes,
    visits,
)
from tests.support.deployment import Deployment, eventually
from tests.support.verification import caught_up, verify_once_caught_up


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
    verdict = verify_once_caught_up(deployment)
    assert verdict.equal, verdict
    assert verdict.expected == verdict.published
    profiles_in_log = answers(deployment)
    for number in range(len(customers)):
        assert {
            answer["profile"]["conversations"]
            for answer in profiles_in_log
            if answer["conversation_id"] == f"second-{number}"
        } >= {1}
    for customer in customers[::8]:
        profile = profiles.find_profile(deployment.settings, "default", customer)
        assert profile is not None and (profile["conversations"], profile["turns"]) == (2, 7)


def kill_when(deployment: Deployment, condition: Callable[[], bool]) -> None:
    worker = deployment.start_worker()
    eventually(condition, "the worker is in the middle")
    os.kill(worker.pid, signal.SIGKILL)
    eventually(lambda: not worker.alive, "the worker is dead")
