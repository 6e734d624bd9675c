"""A fresh broker, the recorded topics on it, and what groups have committed there."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from agents.embedded.process import free_port
from agents.embedded.stack import SESSION_TIMEOUT_S
from agents.embedded.tansu import Tansu
from agents.kafka import client, topic_reader
from agents.kafka.admin import topics
from agents.settings.model import Settings
from benchmarks.throughput.workload import Recorded

PATIENCE_S = 60.0
Ends = Mapping[client.Position, int]


@contextmanager
def embedded(directory: Path) -> Iterator[Settings]:
    """The embedded broker, empty; settings that reach it."""
    broker = Tansu.start(free_port(), directory)
    try:
        yield reaching(broker.bootstrap, True)
    finally:
        broker.stop()


@contextmanager
def apache() -> Iterator[Settings]:
    """Apache Kafka, empty, as the tests start it."""
    from tests.support.servers.apache_kafka import ApacheKafka

    broker = ApacheKafka()
    try:
        yield reaching(broker.start(), False)
    finally:
        broker.stop()


def reaching(bootstrap: str, is_embedded: bool) -> Settings:
    return Settings(brokers=bootstrap, embedded=is_embedded, session_timeout_s=SESSION_TIMEOUT_S, _env_file=None)  # type: ignore[call-arg]


def record(settings: Settings, records: Iterable[Recorded]) -> Ends:
    """Create the topics and publish; what the read partitions end at. Every record is acknowledged."""
    topics.apply(settings)
    published: Counter[client.Position] = Counter()
    publish(settings, records, published)
    return published


def publish(settings: Settings, records: Iterable[Recorded], published: Counter[client.Position]) -> None:
    """Publish, counting what was acknowledged by topic and partition: on a topic nobody else writes, its end."""

    def acknowledged(error: object, message: object) -> None:
        assert error is None, error
        published[message.topic(), message.partition()] += 1  # type: ignore[attr-defined]

    producer = Producer(client.producer_config(settings) | {"linger.ms": 20, "queue.buffering.max.messages": 2_000_000})
    for topic, key, value in records:
        producer.produce(settings.topics.name(topic), key=key, value=value, on_delivery=acknowledged)
        producer.poll(0)
    assert producer.flush(PATIENCE_S) == 0, "the broker did not take every record"


class Progress:
    """How much of what was recorded a group has committed."""

    def __init__(self, settings: Settings, group: str, ends: Ends) -> None:
        self._consumer = Consumer(client.consumer_config(settings, group))
        self._ends = dict(ends)

    def __call__(self) -> int:
        """Records committed, those beyond the recorded ones left out."""
        asked = [TopicPartition(*position) for position in self._ends]
        answers = self._consumer.committed(asked, timeout=PATIENCE_S)
        return sum(min(max(one.offset, 0), self._ends[one.topic, one.partition]) for one in answers)

    @property
    def total(self) -> int:
        return sum(self._ends.values())

    def close(self) -> None:
        self._consumer.close()


def wait(condition: object, what: str, patience_s: float = PATIENCE_S) -> None:
    """Poll until it holds; TimeoutError when it does not."""
    deadline = time.monotonic() + patience_s
    while not condition():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise TimeoutError(f"never happened: {what}")
        time.sleep(0.05)


class Written(dict[bytes, int]):
    """Bytes of the last value of each key of a changelog; ``total``: of all its keys and values."""

    total = 0


def written(settings: Settings, changelog: str) -> Written:
    """What a changelog holds."""
    found = Written()
    for one in topic_reader.read(settings, [changelog]):
        found.total += len(one.key or b"") + len(one.value or b"")
        found[one.key or b""] = len(one.value or b"")
    return found
