"""One behaviour suite, two brokers: the embedded one and Apache Kafka, which is right where they disagree."""

import itertools
import os
from collections.abc import Callable, Iterator

import pytest

from agents.embedded.process import free_port
from agents.embedded.tansu import Tansu
from agents.settings.model import Settings
from tests.support.deployment import Deployment, deploy
from tests.support.servers.apache_kafka import ApacheKafka, unavailable_reason


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is long and marked ``reference`` runs on Apache Kafka alone; on the embedded broker where there is none."""
    if unavailable_reason() is None:
        gone = [one for one in items if one.get_closest_marker("reference") and "[tansu" in one.nodeid]
        config.hook.pytest_deselected(items=gone)
        items[:] = [one for one in items if one not in set(gone)]


PREFIXES = (f"behaviour{number}." for number in itertools.count(1))


@pytest.fixture(scope="session", params=["tansu", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Kind and address of a running broker."""
    if request.param == "tansu":
        tansu = Tansu.start(free_port(), tmp_path_factory.mktemp("tansu"))
        yield "tansu", tansu.bootstrap
        tansu.stop()
        return
    reason = unavailable_reason()
    if reason:
        assert not os.environ.get("CI"), f"Apache Kafka must be tested in CI, but: {reason}"
        pytest.skip(reason)
    apache = ApacheKafka()
    yield "kafka", apache.start()
    apache.stop()


def settings_for(broker: tuple[str, str], **changes: object) -> Settings:
    kind, bootstrap = broker
    known = {
        "brokers": bootstrap,
        "embedded": kind == "tansu",
        "topic_prefix": next(PREFIXES),
        "partitions": 4,
        "session_timeout_s": 2.0,
        "tick_s": 1.0,
        "write_behind_s": 0.25,
        "commit_interval_s": 0.5,
    }
    return Settings(_env_file=None, **{**known, **changes})  # type: ignore[arg-type]


@pytest.fixture
def new_deployment(
    broker: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Deployment]]:
    """Makes deployments that share nothing but the broker; stops them in the end."""
    made: list[Deployment] = []

    def make(**changes: object) -> Deployment:
        made.append(deploy(settings_for(broker, **changes), tmp_path_factory.mktemp("deployment")))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="module")
def running(broker: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment with one worker, shared by the tests of a file."""
    one = deploy(settings_for(broker), tmp_path_factory.mktemp("shared"))
    one.start_worker()
    yield one
    one.stop()
