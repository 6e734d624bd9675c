"""Connections to Kafka through librdkafka: one place for client settings, and errors a person can act on."""

import time
from collections.abc import Sequence
from typing import Any

import tenacity
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from agents.common.errors import Failure
from agents.kafka import security
from agents.kafka.embedded_offsets import true_end_offsets
from agents.settings.model import Settings

TIMEOUT_S = 10.0
# Of the time a broker has to answer: until we ask ourselves whether it lets us in, and how long we listen for that.
FIRST, CAUSE = 0.2, 0.3
AGAIN_S = 0.2
LARGEST_BYTES = 16 * 1024 * 1024
# A group's coordinator is moving to another broker.
COORDINATOR_MOVING = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}
# A topic was just made, or a broker has just gone: another one will answer within moments.
MOVING = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, *COORDINATOR_MOVING}

Position = tuple[str, int]


def client_config(settings: Settings) -> dict[str, Any]:
    """What every client needs to reach the broker."""
    # 2: librdkafka would write every failed connection to standard error; what matters reaches us as an error.
    return {"bootstrap.servers": settings.brokers, "log_level": 2, **security.librdkafka(settings)}


def producer_config(settings: Settings) -> dict[str, Any]:
    """An idempotent producer: in order and without duplicates within its session. Java's partitioner."""
    return {
        **client_config(settings),
        "enable.idempotence": True,
        # Never given up: where the records of a run expire one by one, the last might still arrive. It would be folded,
        # and the first, sent again by a successor, be taken for a repeat. /healthz tells of a broker that takes none.
        "message.timeout.ms": 0,
        # Nor is one sent behind one that was refused: the process ends, and its successor begins with the refused one.
        "enable.gapless.guarantee": True,
        "partitioner": "murmur2_random",
        "linger.ms": settings.linger_ms,
        "compression.type": "lz4",
        "message.max.bytes": LARGEST_BYTES,
        "queue.buffering.max.messages": 500_000,
    }


def consumer_config(settings: Settings, group: str) -> dict[str, Any]:
    """A consumer that commits by hand and begins at the beginning."""
    return {
        **client_config(settings),
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": settings.fetch_wait_ms,
        "session.timeout.ms": round(settings.session_timeout_s * 1000),
        "heartbeat.interval.ms": max(300, round(settings.session_timeout_s * 1000 / 5)),
        "fetch.message.max.bytes": LARGEST_BYTES,
        "fetch.max.bytes": 4 * LARGEST_BYTES,
        "receive.message.max.bytes": 5 * LARGEST_BYTES,
    }


def patient(settings: Settings, group: str) -> dict[str, Any]:
    """A consumer whom half a second hurts nobody: fewer fetches of nothing, which are most of an idle broker's work."""
    return {**consumer_config(settings, group), "fetch.wait.max.ms": 500}


def admin(settings: Settings) -> AdminClient:
    """An admin client whose broker has answered; ``Failure`` when it does not."""
    client = AdminClient(client_config(settings))
    metadata(client, settings)
    return client


def metadata(client: AdminClient, settings: Settings, patience_s: float | None = None) -> Any:
    """Cluster metadata; ``Failure`` when the broker does not answer, soon where it does not let us in.

    Args:
        patience_s: how long all of it may take, seconds; None takes ``TIMEOUT_S``.
    """
    patience_s = TIMEOUT_S if patience_s is None else patience_s
    try:
        return client.list_topics(timeout=FIRST * patience_s)
    except KafkaException:
        if told := kept_out(settings, patience_s):
            raise told from None
    try:
        return client.list_topics(timeout=(1 - FIRST - 2 * CAUSE) * patience_s)
    except KafkaException as error:
        raise unreachable(settings, error, patience_s) from None


def unreachable(settings: Settings, error: KafkaException, patience_s: float | None = None) -> Failure:
    return kept_out(settings, patience_s) or silent(settings, error)


def silent(settings: Settings, error: KafkaException) -> Failure:
    return Failure(
        f"the Kafka broker at {settings.brokers} does not answer {security.how(settings)} ({error.args[0].name()})",
        "set TENOR_BROKERS, TENOR_KAFKA_TLS and TENOR_KAFKA_SASL, or start the embedded stack with: tenor up",
    )


def kept_out(settings: Settings, patience_s: float | None = None) -> Failure | None:
    """What to tell where it is the login or TLS. The broker's own words are left out: a code says as much."""
    where, code = f"the Kafka broker at {settings.brokers}", cause(settings, patience_s)
    if code == KafkaError._AUTHENTICATION:
        return Failure(f"{where} does not let us in with {settings.kafka_sasl}", security.to_check(settings))
    if code == KafkaError._SSL:
        return Failure(
            f"{where} and we cannot agree on TLS: its certificate is not trusted, or it speaks none there",
            "check TENOR_KAFKA_TLS and TENOR_KAFKA_CA_FILE, and that the certificate names the host in TENOR_BROKERS",
        )
    return None


def cause(settings: Settings, patience_s: float | None = None) -> int | None:
    """Whether it is the login or TLS that keeps us out: a call only says that nothing came back."""
    heard: list[int] = []
    listening: dict[str, Any] = {"error_cb": lambda error: heard.append(error.code())}
    listener = AdminClient(client_config(settings) | listening)
    deadline = time.monotonic() + CAUSE * (TIMEOUT_S if patience_s is None else patience_s)
    while time.monotonic() < deadline:
        listener.poll(0.1)
        if found := {KafkaError._AUTHENTICATION, KafkaError._SSL}.intersection(heard):
            return found.pop()
    return None


def partitions_of(settings: Settings, topics: Sequence[str]) -> list[Position]:
    """Every partition of the given topics that exist."""
    known = metadata(AdminClient(client_config(settings)), settings).topics
    return [(name, p) for name in topics if name in known for p in sorted(known[name].partitions)]


def end_offsets(settings: Settings, positions: Sequence[Position]) -> dict[Position, int]:
    """Offset after the last record of each partition."""
    if settings.embedded:
        return true_end_offsets(settings.brokers, positions)
    return {position: high for position, (_, high) in watermarks(settings, positions).items()}


def settled() -> tenacity.Retrying:
    """Asks again while leadership moves; what it is asked for raises ``KafkaException``."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, KafkaException) and code_of(error) in MOVING),
        wait=tenacity.wait_fixed(AGAIN_S),
        stop=tenacity.stop_after_delay(TIMEOUT_S),
        reraise=True,
    )


def code_of(error: KafkaException) -> int:
    return int(error.args[0].code())


def watermarks(settings: Settings, positions: Sequence[Position]) -> dict[Position, tuple[int, int]]:
    """First offset kept and offset after the last, of each partition."""
    consumer = Consumer(consumer_config(settings, "tenor-watermarks"))
    try:
        return {
            position: settled()(consumer.get_watermark_offsets, TopicPartition(*position), timeout=TIMEOUT_S)
            for position in positions
        }
    except KafkaException as error:
        raise unreachable(settings, error) from None
    finally:
        consumer.close()


def committed(settings: Settings, group: str, positions: Sequence[Position]) -> dict[Position, int]:
    """Offset each partition of a group is committed at; 0 where it has committed none."""
    consumer = Consumer(consumer_config(settings, group))
    try:
        asked = [TopicPartition(*position) for position in positions]
        found = settled()(consumer.committed, asked, timeout=TIMEOUT_S)
        return {(tp.topic, tp.partition): max(tp.offset, 0) for tp in found}
    except KafkaException as error:
        raise unreachable(settings, error) from None
    finally:
        consumer.close()
