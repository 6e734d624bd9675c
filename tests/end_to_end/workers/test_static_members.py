"""A worker with a name (``TENOR_INSTANCE``) that is replaced in time: nobody else is disturbed."""

from collections.abc import Callable

import pytest

from agents.embedded.process import ChildProcess
from schemas.topics import Name
from tests.support.bus_events import message
from tests.support.deployment import Deployment, eventually

SESSION_S = 20.0


def recoveries(deployment: Deployment, worker: ChildProcess) -> int:
    """How often a worker has been given partitions: it says that it is ready after each time."""
    return (deployment.directory / f"{worker.name}.log").read_text().count('"event": "ready"')


def started(deployment: Deployment, name: str) -> ChildProcess:
    deployment.settings = deployment.settings.model_copy(update={"instance": name})
    return deployment.start_worker()


@pytest.mark.faults
def test_who_is_replaced_in_time_takes_its_partitions_again(new_deployment: Callable[..., Deployment]) -> None:
    """Without names the first worker recovers twice more: when the second one goes, and when it is back."""
    deployment = new_deployment(session_timeout_s=SESSION_S, log_json=True)
    if deployment.settings.embedded:
        pytest.skip("the embedded broker has no static members")
    first, second = started(deployment, "worker-0"), started(deployment, "worker-1")
    eventually(lambda: recoveries(deployment, second) > 0, "both have partitions")
    before = recoveries(deployment, first)
    second.stop(10)
    started(deployment, "worker-1")
    deployment.send(Name.MESSAGES, *(message(f"after {number}") for number in range(40)))
    eventually(lambda: all(deployment.points(f"after {number}") for number in range(40)), "every partition is read")
    assert recoveries(deployment, first) == before
