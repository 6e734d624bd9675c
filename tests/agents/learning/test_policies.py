"""Policies by version, from a real broker: what cannot be used is named and counted, never guessed."""

from typing import Any

import pytest

from agents.common import metrics
from agents.common.errors import Failure
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.producer import Producer
from agents.learning import policy_commands, versioned_topic
from agents.learning.policies import PolicyStore
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.records import record
from schemas.topics import Name
from streams.interventions.options import CONTROL
from streams.policy.snapshot import Snapshot, compute_version, to_record
from tests.support.data.lessons import SEEN, taught

pytestmark = pytest.mark.integration
NOWHERE = "thompson-0123456789abcdef"


@pytest.fixture
def ready(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(versioned_topic, "PATIENCE_S", 0.5)
    assert topics.apply(settings) == []
    return settings


def made(number: int, tenant: str = "default", **changes: Any) -> dict[str, Any]:
    found = to_record(Snapshot(tenant, arms=taught({"slow": number / 100, CONTROL: 0.0}), matured=number)) | changes
    return found | {"policy_version": compute_version(found)}


def publish(settings: Settings, *found: dict[str, Any]) -> list[str]:
    codec, schema = codec_for(settings), record("policy_snapshot")
    put(settings, *((one["policy_version"], codec.encode(schema, one)) for one in found))
    return [one["policy_version"] for one in found]


def put(settings: Settings, *records: tuple[str, bytes]) -> None:
    topic = settings.topics.name(Name.POLICY)
    Producer(settings).send([OutgoingRecord(topic, version.encode(), value) for version, value in records])


def policies(settings: Settings) -> PolicyStore:
    return PolicyStore(settings, codec_for(settings))


def refused() -> float:
    return metrics.SNAPSHOTS_REFUSED._value.get()


def test_every_version_is_found_however_many_came_since(ready: Settings) -> None:
    found = policies(ready)
    assert found.newest() is None
    versions = publish(ready, *(made(number) for number in range(6)))
    found._cache_size = 2
    for number, version in [*enumerate(versions), *enumerate(versions)]:
        policy = found(version)
        assert policy is not None
        assert (policy.version, policy.matured) == (version, number)
        assert policy.predict(SEEN, ["slow"], 5.0)[0] == pytest.approx([number / 100], abs=0.01)
    assert len(found._cache) == 2
    assert found.newest() == versions[-1]


def test_what_cannot_be_used_is_none_and_counted_once(ready: Settings) -> None:
    codec = codec_for(ready)
    [future, stale] = publish(ready, made(1, format=2), made(2, context_version=99))
    signed = made(3)
    changed = signed | {"matured": 4}
    value = codec.encode(record("policy_snapshot"), changed)
    put(ready, ("garbage", b"no snapshot"), (signed["policy_version"], value), ("another", value))
    found, before = policies(ready), refused()
    bad = [future, stale, "garbage", signed["policy_version"], "another"]
    assert [found(version) for version in [*bad, *bad]] == [None] * 10
    assert refused() - before == len(bad)


def test_one_that_is_nowhere_is_told_in_a_sentence(ready: Settings) -> None:
    publish(ready, made(1))
    with pytest.raises(Failure, match=f"uses policy {NOWHERE}"):
        policies(ready).fetch([NOWHERE])


def test_a_person_is_shown_the_last_one_of_each_tenant_that_can_be_used(ready: Settings) -> None:
    [_, last, other] = publish(ready, made(1), made(2), made(3, "another"))
    publish(ready, made(4, "another", format=2))
    put(ready, ("garbage", b"no snapshot"))
    found = policy_commands.read_newest(ready)
    assert {tenant: (version, one.matured) for tenant, (version, one) in found.items()} == {
        "default": (last, 2),
        "another": (other, 3),
    }


def test_a_person_cannot_ask_for_an_option_there_is_not(ready: Settings) -> None:
    with pytest.raises(Failure, match='Unknown option "no-such"') as failure:
        policy_commands.publish_command(ready, "disable", "no-such", "default", None, "why not")
    assert "offer-options" in (failure.value.hint or "")
