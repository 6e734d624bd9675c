"""Workers are killed or told to stop; every event is still folded exactly once."""

import os
import signal
from collections.abc import Callable

import pytest

from tests.support.busy_hour import folding, publish
from tests.support.deployment import Deployment, eventually
from tests.support.verification import assert_exact, verify_once_caught_up


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    # Small runs: many moments to die at. Rare ticks: a tick a second would never be caught up with.
    return new_deployment(poll_records=100, tick_s=4.0)


def test_a_killed_worker_loses_nothing_and_counts_nothing_twice(deployment: Deployment) -> None:
    events = publish(deployment)
    for at_least in (40, 160, 300):
        worker = deployment.start_worker()
        eventually(folding(deployment, at_least), "folding is under way")
        os.kill(worker.pid, signal.SIGKILL)
        eventually(lambda worker=worker: not worker.alive, "the worker is dead")
    deployment.start_worker()
    assert_exact(verify_once_caught_up(deployment), events)


def test_a_worker_told_to_stop_finishes_and_its_successor_goes_on(deployment: Deployment) -> None:
    events = publish(deployment)
    worker = deployment.start_worker()
    eventually(folding(deployment, 50), "folding is under way")
    worker.stop(15)
    assert worker.exit_code == 0
    deployment.start_worker()
    assert_exact(verify_once_caught_up(deployment), events)
