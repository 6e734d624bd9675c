"""Creates missing topics and reports how existing ones differ. Existing topics are never changed.

More partitions would send a conversation's next events to another partition than its state; a person must decide that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from agents.common.errors import Failure
from agents.kafka import client
from agents.kafka.client import TIMEOUT_S, admin_client, metadata
from agents.settings.model import Settings
from schemas.topics import Topic


class PartitionCountMismatch(str):
    """A topic with another number of partitions: events of open conversations would be parted from their state."""


def apply(settings: Settings) -> list[str]:
    """Create every missing topic; returns one line for each difference of an existing one.

    ``Failure`` when the broker does not answer or refuses to create a topic.
    """
    client = admin_client(settings)
    missing = missing_topics(client, settings)
    create(client, settings, missing)
    existing = [topic for topic in settings.topics.all() if topic not in missing]
    return drift(client, settings, existing)


def missing_topics(client: AdminClient, settings: Settings) -> list[Topic]:
    """Topics that do not exist yet."""
    known = metadata(client, settings).topics
    return [topic for topic in settings.topics.all() if topic.name not in known]


def require_all(settings: Settings) -> None:
    """``Failure`` when the broker does not answer or a topic is missing."""
    missing = missing_topics(admin_client(settings), settings)
    if missing:
        raise Failure(f"{len(missing)} topics are missing, {missing[0].name} among them", "run: tenor topics apply")


def create(client: AdminClient, settings: Settings, topics: Iterable[Topic]) -> None:
    new = [NewTopic(t.name, t.partitions, settings.replication, config=t.config) for t in topics]
    if not new:
        return
    for name, created in client.create_topics(new, operation_timeout=TIMEOUT_S, request_timeout=TIMEOUT_S).items():
        wait_created(name, created)


def wait_created(name: str, created: "Future[None]") -> None:
    try:
        created.result(2 * TIMEOUT_S)
    except KafkaException as error:
        code = error.args[0].code()
        if code == KafkaError.TOPIC_ALREADY_EXISTS:  # another process created it first
            return
        hint = (
            "Set TENOR_REPLICATION to at most the number of brokers."
            if code == KafkaError.INVALID_REPLICATION_FACTOR
            else None
        )
        raise Failure(f"Kafka did not create the topic {name} ({error.args[0].name()}).", hint) from None


def drift(client: AdminClient, settings: Settings, topics: list[Topic]) -> list[str]:
    """How existing topics differ from their definition, a line each."""
    known = metadata(client, settings).topics
    configs = describe_configs(client, topics)
    lines: list[str] = []
    for topic in topics:
        lines += partition_drift(topic, len(known[topic.name].partitions))
        lines += config_drift(topic, configs[topic.name])
    return lines


def describe_configs(client: AdminClient, topics: list[Topic]) -> dict[str, Mapping[str, Any]]:
    """The configuration of each topic."""
    if not topics:
        return {}
    resources = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics]
    try:
        answers = client.describe_configs(resources, request_timeout=TIMEOUT_S)
        return {resource.name: answer.result(2 * TIMEOUT_S) for resource, answer in answers.items()}
    except KafkaException as error:
        raise Failure(
            f"Kafka did not return the configuration of the topics ({error.args[0].name()}).",
            "Check the user's DESCRIBE_CONFIGS grant: tenor doctor",
        ) from None


def partition_drift(topic: Topic, actual: int) -> Iterator[str]:
    if actual != topic.partitions:
        yield PartitionCountMismatch(f"{topic.name}: {actual} partitions, should be {topic.partitions}")


def config_drift(topic: Topic, actual: Mapping[str, Any]) -> Iterator[str]:
    for name, value, wanted in config_differences(topic, actual):
        yield f"{topic.name}: {name} is {'not set' if value is None else value}, should be {wanted}"


def config_differences(topic: Topic, actual: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str]]:
    """Options that differ: name, present value (None: not set) and wanted value."""
    for name, wanted in topic.config.items():
        entry = actual.get(name)
        value = None if entry is None else entry.value
        if value != wanted:
            yield name, value, wanted


def require_topics(settings: Settings, names: Sequence[str]) -> None:
    """``Failure`` unless the topics exist: a broker that creates them on demand gets the partitions wrong."""
    wanted = [settings.topics.name(name) for name in names]
    existing = {topic for topic, _ in client.partitions_of(settings, wanted)}
    missing = [name for name in wanted if name not in existing]
    if missing:
        raise Failure(f"the topic {missing[0]} does not exist", "run: tenor topics apply")
