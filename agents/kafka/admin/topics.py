"""Topics: creates what is missing and tells what differs. What exists is never changed.

More partitions would send a conversation's next events elsewhere than its state; that is a decision for a person.
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
from agents.kafka.client import TIMEOUT_S, admin, metadata
from agents.settings.model import Settings
from schemas.topics import Topic


class PartitionCountMismatch(str):
    """A difference nobody may want: events of open conversations go elsewhere than their state."""


def apply(settings: Settings) -> list[str]:
    """Create every missing topic; one line for each difference of those that existed.

    ``Failure`` when the broker does not answer or refuses to create a topic.
    """
    client = admin(settings)
    lacking = missing(client, settings)
    create(client, settings, lacking)
    existing = [topic for topic in settings.topics.all() if topic not in lacking]
    return drift(client, settings, existing)


def missing(client: AdminClient, settings: Settings) -> list[Topic]:
    """Topics that do not exist yet."""
    known = metadata(client, settings).topics
    return [topic for topic in settings.topics.all() if topic.name not in known]


def require_all(settings: Settings) -> None:
    """``Failure`` when the broker does not answer or a topic is missing."""
    lacking = missing(admin(settings), settings)
    if lacking:
        raise Failure(f"{len(lacking)} topics are missing, {lacking[0].name} among them", "run: tenor topics apply")


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
        if code == KafkaError.TOPIC_ALREADY_EXISTS:  # somebody else was faster
            return
        hint = "set TENOR_REPLICATION" if code == KafkaError.INVALID_REPLICATION_FACTOR else None
        raise Failure(f"the topic {name} could not be created: {error.args[0].name()}", hint) from None


def drift(client: AdminClient, settings: Settings, topics: list[Topic]) -> list[str]:
    """How existing topics differ from what they should be, a line each."""
    known = metadata(client, settings).topics
    configs = described(client, topics)
    lines: list[str] = []
    for topic in topics:
        lines += partition_drift(topic, len(known[topic.name].partitions))
        lines += config_drift(topic, configs[topic.name])
    return lines


def described(client: AdminClient, topics: list[Topic]) -> dict[str, Mapping[str, Any]]:
    """Configuration of each topic as the broker tells it."""
    if not topics:
        return {}
    resources = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics]
    try:
        answers = client.describe_configs(resources, request_timeout=TIMEOUT_S)
        return {resource.name: answer.result(2 * TIMEOUT_S) for resource, answer in answers.items()}
    except KafkaException as error:
        raise Failure(f"the broker does not tell how topics are configured: {error.args[0].name()}") from None


def partition_drift(topic: Topic, actual: int) -> Iterator[str]:
    if actual != topic.partitions:
        yield PartitionCountMismatch(f"{topic.name}: {actual} partitions, should be {topic.partitions}")


def config_drift(topic: Topic, actual: Mapping[str, Any]) -> Iterator[str]:
    for name, value, wanted in differing(topic, actual):
        yield f"{topic.name}: {name} is {'not set' if value is None else value}, should be {wanted}"


def differing(topic: Topic, actual: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str]]:
    """What is configured otherwise: its name, its value, None where it is not set, and what it should be."""
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
