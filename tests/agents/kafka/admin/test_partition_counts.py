"""A worker does not start where the log and its state have another number of partitions than it was told."""

import pytest
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from agents.common.errors import Failure
from agents.kafka.admin import topics
from agents.kafka.admin.partition_counts import PartitionCountMonitor, mismatches, partitioned_topics
from agents.kafka.client import admin_client
from agents.settings.model import Settings
from agents.worker import app
from schemas.topics import Name

SETTINGS = Settings(_env_file=None, partitions=4)


def test_each_topic_that_differs_is_told() -> None:
    as_told = dict.fromkeys(partitioned_topics(SETTINGS), 4)
    assert list(mismatches(SETTINGS, as_told)) == []
    assert list(mismatches(SETTINGS, {})) == [], "what is missing others tell"
    [message] = mismatches(SETTINGS, as_told | {SETTINGS.topics.changelog: 6})
    assert message.startswith(f"{SETTINGS.topics.changelog} has 6 partitions, TENOR_PARTITIONS is 4")
    assert len(list(mismatches(SETTINGS, dict.fromkeys(partitioned_topics(SETTINGS), 5)))) == 4


def test_every_table_and_the_log_it_follows_from_are_among_them() -> None:
    topics_ = SETTINGS.topics
    assert set(partitioned_topics(SETTINGS)) == {
        topics_.name(Name.SIGNALS),
        topics_.changelog,
        topics_.name(Name.CUSTOMERS),
        topics_.profiles,
    }


@pytest.mark.integration
def test_a_worker_does_not_start(settings: Settings) -> None:
    client, name = admin_client(settings), settings.topics.name(Name.SIGNALS)
    client.create_topics([NewTopic(name, 3, 1)])[name].result(10)
    topics.apply(settings)
    with pytest.raises(Failure, match=f"{name} has 3 partitions, TENOR_PARTITIONS is 2") as raised:
        app.run(settings)
    assert "docs/doctor.md" in str(raised.value.hint)


@pytest.mark.integration
def test_a_broker_that_does_not_answer_is_no_reason_to_end(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.kafka.admin.partition_counts.TIMEOUT_S", 0.2)
    PartitionCountMonitor(settings.model_copy(update={"brokers": "127.0.0.1:1"})).require()
    topics.apply(settings)
    PartitionCountMonitor(settings).require()
