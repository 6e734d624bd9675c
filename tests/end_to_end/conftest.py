"""The end-to-end tests run on two brokers: the embedded one and Apache Kafka, the reference."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.deployment import Deployment, deploy, settings_for
from tests.support.servers.apache_kafka import unavailable_reason


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests marked ``reference`` are long: they run on Apache Kafka, or on the embedded broker where it is missing."""
    if unavailable_reason() is None:
        repeated = [item for item in items if item.get_closest_marker("reference") and "[tansu" in item.nodeid]
        config.hook.pytest_deselected(items=repeated)
        items[:] = [item for item in items if item not in set(repeated)]


@pytest.fixture(scope="session", params=["tansu", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Kind and address of a running broker."""
    fixture = {"tansu": "tansu", "kafka": "apache"}[request.param]
    return request.param, request.getfixturevalue(fixture)


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
    for deployment in made:
        deployment.stop()


@pytest.fixture(scope="module")
def running(broker: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment with one worker, shared by the tests of a file."""
    deployment = deploy(settings_for(broker), tmp_path_factory.mktemp("shared"))
    deployment.start_worker()
    yield deployment
    deployment.stop()
