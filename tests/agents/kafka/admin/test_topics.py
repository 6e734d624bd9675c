"""Creating topics, and telling drift."""

import pytest
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from agents.common.errors import Failure
from agents.kafka.admin.topics import apply, require_all
from agents.kafka.client import admin_client, metadata
from agents.settings.model import Settings
from schemas.topics import Name

pytestmark = pytest.mark.integration


def test_creates_what_is_missing_once(settings: Settings) -> None:
    with pytest.raises(Failure, match="topics are missing"):
        require_all(settings)
    assert apply(settings) == []
    require_all(settings)
    known = metadata(admin_client(settings), settings).topics
    assert {t.name: len(known[t.name].partitions) for t in settings.topics.all()} == {
        t.name: t.partitions for t in settings.topics.all()
    }
    assert apply(settings) == []


def test_drift_is_told_and_left_alone(settings: Settings) -> None:
    name = settings.topics.name(Name.SIGNALS)
    client = admin_client(settings)
    client.create_topics([NewTopic(name, 3, 1, config={"cleanup.policy": "compact"})])[name].result(10)
    for _ in range(2):
        lines = apply(settings)
        assert f"{name}: 3 partitions, should be 2" in lines
        assert f"{name}: cleanup.policy is compact, should be delete" in lines
        assert any("retention.ms" in line for line in lines)
        assert all(line.startswith(name) for line in lines)


def test_an_unreachable_broker_is_a_failure(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.kafka.client.TIMEOUT_S", 0.5)
    with pytest.raises(Failure, match="does not answer"):
        apply(settings.model_copy(update={"brokers": "127.0.0.1:1"}))
