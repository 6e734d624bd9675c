"""Workers start, join, leave and restart; every event is still folded exactly once."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from schemas.topics import Name
from tests.support.bus_events import ANGRY, conversation, message
from tests.support.busy_hour import START, folding, publish, publish_more
from tests.support.deployment import Deployment, eventually
from tests.support.verification import assert_exact, caught_up, verify_once_caught_up


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    # Small runs: many moments to die at. Rare ticks: a tick a second would never be caught up with.
    return new_deployment(poll_records=100, tick_s=4.0)


def test_an_undisturbed_run_is_exact(deployment: Deployment) -> None:
    events = publish(deployment)
    deployment.start_worker()
    assert_exact(verify_once_caught_up(deployment), events)


def test_a_worker_does_not_read_its_own_changelog_once_it_has_recovered(deployment: Deployment) -> None:
    """Faust can be set to go on applying it, which puts old states over new ones."""
    deployment.start_worker()
    changelog = "tenor-conversations-changelog"
    for turn in (1, 2):
        deployment.send(Name.MESSAGES, message("own", event_time=START + turn * 60_000))
        eventually(lambda turn=turn: len(deployment.points("own")) == turn, "the point")
    first = eventually(lambda: deployment.read(changelog), "the changelog")[0]
    deployment.produce([(changelog, (first.key or b"").decode(), first.value, {})])
    time.sleep(2)
    deployment.send(Name.MESSAGES, message("own", event_time=START + 180_000))
    points = eventually(lambda: len(points := deployment.points("own")) == 3 and points, "the third point")
    assert [point["turn"] for point in points] == [1, 2, 3]


@pytest.mark.reference
def test_workers_join_and_leave_in_mid_run(deployment: Deployment) -> None:
    first = deployment.start_worker()
    events = publish(deployment)
    second = deployment.start_worker()
    eventually(folding(deployment, 100), "folding is under way")
    events += publish_more(deployment)
    os.kill(first.pid, signal.SIGKILL)
    eventually(folding(deployment, 300), "the second takes over")
    deployment.start_worker()
    time.sleep(0.5)
    second.stop(15)
    assert_exact(verify_once_caught_up(deployment), events)


@pytest.mark.reference
def test_state_survives_a_restart_of_everything(deployment: Deployment) -> None:
    deployment.start_worker()
    deployment.send(Name.MESSAGES, *conversation("kept", [ANGRY] * 3, START))
    eventually(lambda: len(deployment.points("kept")) == 3, "three points")
    eventually(lambda: caught_up(deployment), "committed")
    deployment.stop()
    deployment.start_worker()
    deployment.send(Name.MESSAGES, *conversation("kept", [ANGRY] * 2, START + 180_000))
    points = eventually(lambda: len(points := deployment.points("kept")) == 5 and points, "five points")
    assert [point["turn"] for point in points] == [1, 2, 3, 4, 5]
