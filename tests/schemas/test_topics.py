"""Topics: names, co-partitioning, retention, dead letters."""

import re

import pytest

from schemas.records import record, records
from schemas.topics import (
    DAY_MS,
    DEAD_LETTER_BYTES,
    EVENT_BYTES,
    INGESTED,
    OUTPUTS,
    RECORD_OF,
    TOPIC_OF,
    WITH_DEAD_LETTERS,
    Name,
    Topic,
    Topics,
)
from schemas.validation import Limits

TOPICS = Topics("staging.", 12)


def by_name(topics: Topics) -> dict[str, Topic]:
    found = {topic.name: topic for topic in topics.all()}
    assert len(found) == len(topics.all())
    return found


def test_every_topic_exists_once_under_the_prefix() -> None:
    names = {TOPICS.name(name) for name in Name} | {TOPICS.dead_letters(name) for name in WITH_DEAD_LETTERS}
    assert set(by_name(TOPICS)) == names | set(TOPICS.changelogs)
    assert all(name.startswith("staging.") for name in names | set(TOPICS.changelogs))


def test_names_without_a_prefix() -> None:
    assert Topics().name(Name.MESSAGES) == "conversation.messages"
    assert Topics().dead_letters(Name.MESSAGES) == "conversation.messages.dlq"
    assert (Topics().worker_group, Topics().sink_group) == ("tenor", "tenor-sink")
    assert Topics().changelog == "tenor-conversations-changelog"
    assert TOPICS.dead_letters(Name.SIGNALS) == "staging.tenor.signals.dlq"
    assert TOPICS.changelog == "staging.tenor-conversations-changelog"


@pytest.mark.parametrize("topic", Topics().all(), ids=lambda topic: topic.name)
def test_kafka_takes_the_name(topic: Topic) -> None:
    assert re.fullmatch(r"[a-zA-Z0-9._-]{1,249}", topic.name)
    assert "_" not in topic.name  # Kafka's metrics cannot tell it from a dot


def test_every_topic_of_conversations_has_the_same_partitions() -> None:
    """The conversations table is co-partitioned with tenor.signals, and its changelog with the table."""
    result = by_name(TOPICS)
    conversations = [topic for topic in result.values() if topic.key == "conversation_id"]
    assert {topic.partitions for topic in conversations} == {12}
    assert {topic.name for topic in result.values()} - {topic.name for topic in conversations} == {
        TOPICS.name(Name.CUSTOMERS),
        TOPICS.profiles,
        TOPICS.text_model,
        *map(
            TOPICS.name,
            (Name.POLICY, Name.COMMANDS, Name.ALERT_COMMANDS, Name.DELIVERIES, Name.FORGOTTEN, Name.WORKLOAD),
        ),
        *(TOPICS.dead_letters(name) for name in WITH_DEAD_LETTERS),
    }
    assert result[TOPICS.changelog].partitions == result[TOPICS.name(Name.SIGNALS)].partitions
    assert result[TOPICS.profiles].partitions == result[TOPICS.name(Name.CUSTOMERS)].partitions


def test_whatever_is_accepted_can_be_refused() -> None:
    """All that comes from outside, and all that a worker reads back, has a dead letter queue."""
    assert {*INGESTED, Name.RATINGS, Name.ASSIGNMENTS, Name.SIGNALS, Name.CUSTOMERS} <= set(WITH_DEAD_LETTERS)
    result = by_name(TOPICS)
    for name in WITH_DEAD_LETTERS:
        queue = result[TOPICS.dead_letters(name)]
        assert queue.record is None
        assert queue.max_bytes > result[TOPICS.name(name)].max_bytes  # the event, and why it was refused
        assert queue.retention_ms is not None
        assert queue.retention_ms >= (result[TOPICS.name(name)].retention_ms or 0)


def test_an_event_within_the_limit_fits_its_topic() -> None:
    assert Limits().event_bytes < EVENT_BYTES < DEAD_LETTER_BYTES


def test_every_record_has_one_topic() -> None:
    assert {str(name) for name in RECORD_OF} == {str(name) for name in Name}
    assert set(TOPIC_OF) == set(records())
    assert all(RECORD_OF[TOPIC_OF[name]] == name for name in records())
    assert not {*INGESTED, Name.RATINGS} & set(OUTPUTS)


@pytest.mark.parametrize("name", list(Name))
def test_a_record_names_its_topic(name: Name) -> None:
    assert f"Topic {name}" in record(RECORD_OF[name]).published["doc"]


@pytest.mark.parametrize("name", list(Name))
def test_the_key_is_a_field(name: Name) -> None:
    fields = {field["name"] for field in record(RECORD_OF[name]).published["fields"]}
    assert by_name(Topics())[name].key in fields


def test_configuration_in_kafkas_words() -> None:
    assert Topic("t", "k", 1, DAY_MS, 5).config == {
        "cleanup.policy": "delete",
        "retention.ms": "86400000",
        "max.message.bytes": "5",
    }
    assert Topic("t", "k", 1, None).config == {"cleanup.policy": "compact", "max.message.bytes": "1048588"}


def test_who_was_forgotten_is_known_for_longer_than_any_log_goes_back() -> None:
    result = by_name(TOPICS)
    kept = result[TOPICS.name(Name.FORGOTTEN)].retention_ms
    others = [topic.retention_ms for topic in result.values() if topic.name != TOPICS.name(Name.FORGOTTEN)]
    assert kept is not None
    assert kept > max(other for other in others if other is not None)


def test_only_state_is_compacted() -> None:
    compacted = {topic.name for topic in TOPICS.all() if topic.config["cleanup.policy"] == "compact"}
    assert compacted == {*map(TOPICS.name, (Name.POLICY, Name.ALERT_COMMANDS)), *TOPICS.changelogs}
    found = by_name(TOPICS)
    assert found[TOPICS.name(Name.SIGNALS)].retention_ms == 30 * DAY_MS
    assert found[TOPICS.name(Name.MESSAGES)].retention_ms == 7 * DAY_MS
