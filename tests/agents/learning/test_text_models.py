"""Text models by version, from a real broker."""

import pytest

from agents.common.errors import Failure
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.producer import Producer
from agents.learning import versioned_topic
from agents.learning.text_models import TextModelStore
from agents.learning.versioned_topic import CACHE_SIZE
from agents.settings.model import Settings
from streams.text_model import weights
from streams.text_model.model import shipped_model
from streams.text_model.weights import PLACES, Weights

pytestmark = pytest.mark.integration
NOWHERE = "0123456789abcdef"


@pytest.fixture
def ready(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(versioned_topic, "PATIENCE_S", 0.5)
    assert topics.apply(settings) == []
    return settings


def made(number: int) -> Weights:
    return weights.from_heads({"now": {PLACES["bias"]: float(number + 1)}})


def publish(settings: Settings, *records: tuple[str, bytes]) -> None:
    topic = settings.topics.text_model
    Producer(settings).send([OutgoingRecord(topic, version.encode(), value) for version, value in records])


def packed(one: Weights) -> tuple[str, bytes]:
    return one.version, weights.pack(one)


def test_the_shipped_one_needs_no_broker() -> None:
    found = TextModelStore(Settings(_env_file=None, brokers="127.0.0.1:1"))
    assert found(shipped_model().version) is shipped_model()


def test_every_version_is_found_again_however_many_came_since(ready: Settings) -> None:
    known = [made(number) for number in range(CACHE_SIZE + 4)]
    found = TextModelStore(ready)
    assert found.newest() is None
    for one in known:
        publish(ready, packed(one))
        assert found(one.version).weights == one
    for one in [*known, *known]:
        assert found(one.version).weights == one
    assert found.newest() == TextModelStore(ready).newest() == known[-1].version
    assert len(found._cache) == CACHE_SIZE


def test_a_version_published_again_is_the_newest(ready: Settings) -> None:
    publish(ready, packed(made(1)), packed(made(2)), packed(made(1)))
    found = TextModelStore(ready)
    assert found.newest() == made(1).version
    assert found(made(2).version).weights == made(2)


def test_one_that_is_nowhere_is_told_in_a_sentence(ready: Settings) -> None:
    publish(ready, packed(made(1)))
    with pytest.raises(Failure, match=f"uses text model {NOWHERE}") as failure:
        TextModelStore(ready).fetch([made(1).version, NOWHERE])
    assert failure.value.hint


def test_bytes_that_are_something_else_are_refused(ready: Settings) -> None:
    publish(ready, (NOWHERE, b"no weights"), ("fedcba9876543210", packed(made(1))[1]))
    with pytest.raises(Failure, match="cannot be read"):
        TextModelStore(ready)(NOWHERE)
    with pytest.raises(Failure, match=f"holds {made(1).version} under the key"):
        TextModelStore(ready)("fedcba9876543210")
