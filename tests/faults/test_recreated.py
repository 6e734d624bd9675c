"""A topic is deleted and created again: its records are not those the state was made of."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from agents.embedded.process import free_port
from agents.embedded.tansu import Tansu
from agents.kafka.admin import topics
from agents.kafka.client import client_config
from agents.worker.batch_runner import EXIT_CRASHED
from schemas.topics import Name
from streams.config.model import OutcomeConfig
from tests.support.bus_events import message, now_ms
from tests.support.deployment import Deployment, deploy, eventually, settings_for

pytestmark = pytest.mark.faults
BRIEF = OutcomeConfig(window_s=1.0, idle_s=2.0)


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tansu]:
    tansu = Tansu.start(free_port(), tmp_path_factory.mktemp("tansu"))
    yield tansu
    tansu.stop()


@pytest.fixture
def deployment(own_broker: Tansu, tmp_path: Path) -> Iterator[Deployment]:
    settings = settings_for(("tansu", own_broker.bootstrap), partitions=1, outcome=BRIEF, tick_lateness_s=0.0)
    deployed = deploy(settings, tmp_path)
    yield deployed
    deployed.stop()


@pytest.mark.parametrize("name", [Name.SIGNALS, Name.MESSAGES, Name.CUSTOMERS])
def test_it_is_refused_and_not_taken_for_repeats(deployment: Deployment, name: Name) -> None:
    first = deployment.start_worker()
    hour_ago = now_ms() - 3_600_000
    deployment.send(
        Name.MESSAGES, *(message(f"old {n}", event_time=hour_ago + n, customer_id=f"customer {n}") for n in range(20))
    )
    eventually(lambda: len(deployment.points()) == 20, "the points")
    eventually(lambda: deployment.metric(first, "tenor_conversations") == 0, "all have ended")
    first.stop(10)
    again(deployment, name)
    second = deployment.start_worker()
    deployment.send(Name.MESSAGES, message("new", customer_id="another"))
    eventually(lambda: not second.alive, "the worker ends")
    assert second.exit_code == EXIT_CRASHED
    assert "it was deleted and created again" in second.log_tail(60)


def again(deployment: Deployment, name: Name) -> None:
    """Delete a topic and create it again."""
    full = deployment.settings.topics.name(name)
    client = AdminClient(client_config(deployment.settings))
    client.delete_topics([full])[full].result(10)
    eventually(lambda: topics.missing_topics(client, deployment.settings), "it is gone")
    topics.apply(deployment.settings)
