"""Waits until the workers of a deployment have caught up, and verifies their output."""

from agents.kafka import client
from agents.verification.result import VerificationResult
from agents.verification.verify import verify
from schemas.topics import INGESTED, Name
from tests.support.deployment import Deployment, eventually


def caught_up(deployment: Deployment) -> bool:
    """Whether the workers have committed every record of their input topics."""
    read = (*INGESTED, Name.SIGNALS, Name.CUSTOMERS, Name.DECISIONS, Name.OUTCOMES)
    names = [deployment.settings.topics.name(name) for name in read]
    positions = client.partitions_of(deployment.settings, names)
    ends = client.end_offsets(deployment.settings, positions)
    done = client.committed_offsets(deployment.settings, deployment.settings.topics.worker_group, positions)
    return all(done[position] >= end for position, end in ends.items())


def verify_once_caught_up(deployment: Deployment) -> VerificationResult:
    eventually(lambda: caught_up(deployment), "the workers are caught up", 60)
    eventually(lambda: caught_up(deployment), "and stay so", 60)
    return verify(deployment.settings)


def assert_exact(verdict: VerificationResult, events: int) -> None:
    assert verdict.equal, verdict
    assert verdict.events == verdict.folded == events
    assert verdict.expected == verdict.published
