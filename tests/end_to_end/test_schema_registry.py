"""A worker whose events name schemas in a registry: strange ids, and a registry that is away for a while."""

from collections.abc import Callable, Iterator

import pytest

from schemas.errors import Reason
from schemas.records import records
from schemas.topics import Name
from tests.support.bad_events import avro
from tests.support.bus_events import message
from tests.support.deployment import Deployment, eventually
from tests.support.servers.fake_schema_registry import Registry, schema_registry

STRANGE = b"\0\0\0\x13\x88body"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with schema_registry() as served:
        for schema in records().values():
            served.register(schema.full_name, schema.published)
        yield served


def test_a_registry_that_is_away_holds_events_up_and_loses_none(
    new_deployment: Callable[..., Deployment], registry: Registry
) -> None:
    deployment = new_deployment(registry_url=registry.url)
    worker = deployment.start_worker()
    registry.status = 503
    deployment.produce([(Name.MESSAGES, "strange", STRANGE, {})] * 500)
    deployment.produce([(Name.MESSAGES, "strange", avro("message", message("strange")), {})])
    eventually(lambda: len(registry.asked) > 5, "it was asked, and asked again")
    assert deployment.dead_letters(Name.MESSAGES) == []
    assert worker.alive, worker.log_tail(40)
    registry.status = None
    letters = eventually(
        lambda: (letters := deployment.dead_letters(Name.MESSAGES)) and len(letters) >= 500 and letters,
        "the dead letters",
    )
    assert [letter.header("__connect.errors.reason") for letter in letters] == [Reason.UNKNOWN_SCHEMA] * 500
    assert {letter.value for letter in letters} == {STRANGE}
    eventually(lambda: deployment.points("strange"), "the event after them")
    assert worker.alive, worker.log_tail(40)
    assert registry.asked.count(5000) < 50


def test_a_registry_that_lets_nobody_in_ends_the_worker_with_the_setting_to_mend(
    new_deployment: Callable[..., Deployment], registry: Registry
) -> None:
    deployment = new_deployment(registry_url=registry.url)
    worker = deployment.start_worker()
    registry.status = 403
    deployment.produce([(Name.MESSAGES, "strange", STRANGE, {})])
    eventually(lambda: not worker.alive, "the worker ends")
    assert "TENOR_REGISTRY_PASSWORD" in worker.log_tail(40)
    assert deployment.dead_letters(Name.MESSAGES) == []
