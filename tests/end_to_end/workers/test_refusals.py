"""What a worker that runs does not go on with: topics that were changed under it, states of another format."""

from collections.abc import Callable

import pytest
from confluent_kafka.admin import NewPartitions  # type: ignore[attr-defined]

from agents.kafka.client import admin_client
from agents.worker.batch_runner import EXIT_CRASHED
from schemas.topics import Name
from streams import state
from tests.support.bus_events import message
from tests.support.deployment import Deployment, eventually

pytestmark = [pytest.mark.integration, pytest.mark.reference]


@pytest.fixture
def deployment(new_deployment: Callable[..., Deployment]) -> Deployment:
    return new_deployment()


def test_partitions_that_somebody_adds_end_it_and_no_other_starts(
    deployment: Deployment, broker: tuple[str, str]
) -> None:
    if broker[0] == "tansu":
        pytest.skip("the embedded broker cannot add partitions")
    first = deployment.start_worker()
    deployment.send(Name.MESSAGES, message("open"))
    eventually(deployment.points, "a point")
    client, name = admin_client(deployment.settings), deployment.settings.topics.name(Name.SIGNALS)
    client.create_partitions([NewPartitions(name, 6)])[name].result(10)
    eventually(lambda: not first.alive, "the worker ends")
    assert first.exit_code == EXIT_CRASHED
    said = f"{name} has 6 partitions, TENOR_PARTITIONS is 4"
    assert said in first.log_tail(5)
    assert "docs/doctor.md" in first.log_tail(5)
    second = deployment.start("worker", wait=False)
    eventually(lambda: not second.alive, "it does not start")
    assert second.exit_code == 1
    assert f"error: {said}" in second.log_tail(5)


def test_a_state_of_another_format_ends_it_with_what_to_do(deployment: Deployment) -> None:
    settings = deployment.settings
    older = bytes([state.FORMAT - 1]) + bytes(20)
    deployment.produce([(settings.topics.changelog.removeprefix(settings.topic_prefix), "open", older, {})])
    worker = deployment.start_worker()
    deployment.send(Name.MESSAGES, message("open"))
    eventually(lambda: not worker.alive, "the worker ends")
    assert worker.exit_code == EXIT_CRASHED
    said = worker.log_tail(80)
    assert f"format {state.FORMAT - 1}, this version reads {state.FORMAT}: run the version that wrote it" in said
    assert not deployment.points()
