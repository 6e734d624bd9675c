"""Workers die, come back, join and leave; what was folded does not change by it."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from agents.kafka import client
from agents.verification.result import VerificationResult
from agents.verification.verify import verify
from schemas.topics import INGESTED, Name
from tests.support.bus_events import ANGRY, CALM, burst, click, conversation, message, now_ms
from tests.support.deployment import Deployment, eventually

CONVERSATIONS = 60
START = now_ms() - 3_600_000


def publish(deployment: Deployment) -> int:
    """A busy hour; the number of events."""
    texts = [CALM, ANGRY, ANGRY, CALM, ANGRY, ANGRY, ANGRY, ANGRY]
    names = [f"c{number}" for number in range(CONVERSATIONS)]
    messages = [event for name in names for event in conversation(name, texts, START)]
    bursts = [burst(name, event_time=START + i * 30_000) for name in names for i in range(12)]
    clicks = [click(name, event_time=START + i * 30_000) for name in names for i in range(8)]
    deployment.send(Name.MESSAGES, *sorted(messages, key=lambda event: event["event_time"]))
    deployment.send(Name.KEYSTROKES, *bursts)
    deployment.send(Name.NAVIGATION, *clicks)
    return len(messages) + len(bursts) + len(clicks)


def caught_up(deployment: Deployment) -> bool:
    """Whether the workers have committed all there is, and outputs no longer move."""
    read = (*INGESTED, Name.SIGNALS, Name.CUSTOMERS, Name.DECISIONS, Name.OUTCOMES)
    names = [deployment.settings.topics.name(name) for name in read]
    positions = client.partitions_of(deployment.settings, names)
    ends = client.end_offsets(deployment.settings, positions)
    done = client.committed_offsets(deployment.settings, deployment.settings.topics.worker_group, positions)
    return all(done[position] >= end for position, end in ends.items())


def settled(deployment: Deployment) -> VerificationResult:
    eventually(lambda: caught_up(deployment), "the workers are caught up", 60)
    eventually(lambda: caught_up(deployment), "and stay so", 60)
    return verify(deployment.settings)


def assert_exact(verdict: VerificationResult, events: int) -> None:
    assert verdict.equal, verdict
    assert verdict.events == verdict.folded == events
    assert verdict.expected == verdict.published


def folding(deployment: Deployment, at_least: int) -> Callable[[], bool]:
    return lambda: len(deployment.read(Name.TRAJECTORIES)) >= at_least


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    # Small runs: many moments to die at. Rare ticks: a tick a second would never be caught up with.
    return new_deployment(poll_records=100, tick_s=4.0)


def test_an_undisturbed_run_is_exact(deployment: Deployment) -> None:
    events = publish(deployment)
    deployment.start_worker()
    assert_exact(settled(deployment), events)


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
    points = eventually(lambda: len(found := deployment.points("own")) == 3 and found, "the third point")
    assert [point["turn"] for point in points] == [1, 2, 3]


def test_a_killed_worker_loses_nothing_and_counts_nothing_twice(deployment: Deployment) -> None:
    events = publish(deployment)
    for at_least in (40, 160, 300):
        worker = deployment.start_worker()
        eventually(folding(deployment, at_least), "folding is under way")
        os.kill(worker.pid, signal.SIGKILL)
        eventually(lambda worker=worker: not worker.alive, "the worker is dead")
    deployment.start_worker()
    assert_exact(settled(deployment), events)


def test_a_worker_told_to_stop_finishes_and_its_successor_goes_on(deployment: Deployment) -> None:
    events = publish(deployment)
    worker = deployment.start_worker()
    eventually(folding(deployment, 50), "folding is under way")
    worker.stop(15)
    assert worker.exit_code == 0
    deployment.start_worker()
    assert_exact(settled(deployment), events)


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
    assert_exact(settled(deployment), events)


def publish_more(deployment: Deployment) -> int:
    later = [event for n in range(CONVERSATIONS) for event in conversation(f"d{n}", [CALM, ANGRY] * 3, START)]
    deployment.send(Name.MESSAGES, *later)
    return len(later)


@pytest.mark.reference
def test_state_survives_a_restart_of_everything(deployment: Deployment) -> None:
    deployment.start_worker()
    deployment.send(Name.MESSAGES, *conversation("kept", [ANGRY] * 3, START))
    eventually(lambda: len(deployment.points("kept")) == 3, "three points")
    eventually(lambda: caught_up(deployment), "committed")
    deployment.stop()
    deployment.start_worker()
    deployment.send(Name.MESSAGES, *conversation("kept", [ANGRY] * 2, START + 180_000))
    points = eventually(lambda: len(found := deployment.points("kept")) == 5 and found, "five points")
    assert [point["turn"] for point in points] == [1, 2, 3, 4, 5]
