"""Configuration of librdkafka clients, offsets of partitions, and connection errors with what to do about them."""

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
# Shares of the timeout: of the first attempt, and of finding out whether login or TLS is why it failed.
FIRST_ATTEMPT, DIAGNOSIS = 0.2, 0.3
RETRY_S = 0.2
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
# A group's coordinator is moving to another broker.
COORDINATOR_MOVING = {
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
}
# A topic is new, or a broker has just stopped: another broker answers soon.
LEADER_MOVING = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, *COORDINATOR_MOVING}

Position = tuple[str, int]


def client_config(settings: Settings) -> dict[str, Any]:
    """What every client needs to reach the broker."""
    # 2: critical only. librdkafka would write every failed connection to standard error; callers get the error anyway.
    return {"bootstrap.servers": settings.brokers, "log_level": 2, **security.security_config(settings)}


def producer_config(settings: Settings) -> dict[str, Any]:
    """An idempotent producer: in order and without duplicates within its session. Java's partitioner."""
    return {
        **client_config(settings),
        "enable.idempotence": True,
        # No timeout: if records of a batch expired one by one, a later one might still arrive and be folded, and the
        # earlier ones, sent again by the next process, would look like repeats. /healthz reports a broker that stalls.
        "message.timeout.ms": 0,
        # Nothing is sent after a refused record: the process ends, and the next one begins with that record.
        "enable.gapless.guarantee": True,
        "partitioner": "murmur2_random",
        "linger.ms": settings.linger_ms,
        "compression.type": "lz4",
        "message.max.bytes": MAX_MESSAGE_BYTES,
        "queue.buffering.max.messages": 500_000,
    }


def consumer_config(settings: Settings, group: str) -> dict[str, Any]:
    """A consumer that commits explicitly and starts at the first record."""
    return {
        **client_config(settings),
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": settings.fetch_wait_ms,
        "session.timeout.ms": round(settings.session_timeout_s * 1000),
        "heartbeat.interval.ms": max(300, round(settings.session_timeout_s * 1000 / 5)),
        "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
        "fetch.max.bytes": 4 * MAX_MESSAGE_BYTES,
        "receive.message.max.bytes": 5 * MAX_MESSAGE_BYTES,
    }


def idle_consumer_config(settings: Settings, group: str) -> dict[str, Any]:
    """A consumer that may wait half a second: fewer empty fetches, which are most of an idle broker's work."""
    return {**consumer_config(settings, group), "fetch.wait.max.ms": 500}


def admin_client(settings: Settings) -> AdminClient:
    """A connected admin client; ``Failure`` when the broker does not answer."""
    client = AdminClient(client_config(settings))
    metadata(client, settings)
    return client


def metadata(client: AdminClient, settings: Settings, timeout_s: float | None = None) -> Any:
    """Cluster metadata; ``Failure`` when the broker does not answer, early when login or TLS failed.

    Args:
        timeout_s: seconds in total; None takes ``TIMEOUT_S``.
    """
    timeout_s = TIMEOUT_S if timeout_s is None else timeout_s
    try:
        return client.list_topics(timeout=FIRST_ATTEMPT * timeout_s)
    except KafkaException:
        if failure := security_failure(settings, timeout_s):
            raise failure from None
    try:
        return client.list_topics(timeout=(1 - FIRST_ATTEMPT - 2 * DIAGNOSIS) * timeout_s)
    except KafkaException as error:
        raise unreachable(settings, error, timeout_s) from None


def unreachable(settings: Settings, error: KafkaException, timeout_s: float | None = None) -> Failure:
    return security_failure(settings, timeout_s) or no_answer(settings, error)


def no_answer(settings: Settings, error: KafkaException) -> Failure:
    return Failure(
        f"The Kafka broker at {settings.brokers} does not answer "
        f"({security.describe(settings)}; {error.args[0].name()}).",
        "Set TENOR_BROKERS, TENOR_KAFKA_TLS and TENOR_KAFKA_SASL, or start the embedded stack with: tenor up",
    )


def security_failure(settings: Settings, timeout_s: float | None = None) -> Failure | None:
    """The ``Failure`` when login or TLS failed, else None. The broker's own text is left out: it may hold secrets."""
    code = connection_error_code(settings, timeout_s)
    if code == KafkaError._AUTHENTICATION:
        return Failure(
            f"Authentication failed (SASL {settings.kafka_sasl}) at the Kafka broker {settings.brokers}.",
            security.settings_to_check(settings),
        )
    if code == KafkaError._SSL:
        return Failure(
            f"The TLS handshake with the Kafka broker at {settings.brokers} failed: "
            "its certificate is not trusted, or this port does not use TLS.",
            "Check TENOR_KAFKA_TLS and TENOR_KAFKA_CA_FILE, and that the certificate names the host in TENOR_BROKERS.",
        )
    return None


def connection_error_code(settings: Settings, timeout_s: float | None = None) -> int | None:
    """The code of a login or TLS error, else None. A failed call reports only a timeout; the error callback knows."""
    codes: list[int] = []
    on_error: dict[str, Any] = {"error_cb": lambda error: codes.append(error.code())}
    client = AdminClient(client_config(settings) | on_error)
    deadline = time.monotonic() + DIAGNOSIS * (TIMEOUT_S if timeout_s is None else timeout_s)
    while time.monotonic() < deadline:
        client.poll(0.1)
        if known := {KafkaError._AUTHENTICATION, KafkaError._SSL}.intersection(codes):
            return known.pop()
    return None


def partitions_of(settings: Settings, topics: Sequence[str]) -> list[Position]:
    """Every partition of those of the topics that exist."""
    known = metadata(AdminClient(client_config(settings)), settings).topics
    return [(name, p) for name in topics if name in known for p in sorted(known[name].partitions)]


def end_offsets(settings: Settings, positions: Sequence[Position]) -> dict[Position, int]:
    """Offset after the last record of each partition."""
    if settings.embedded:
        return true_end_offsets(settings.brokers, positions)
    return {position: high for position, (_, high) in watermark_offsets(settings, positions).items()}


def retrying() -> tenacity.Retrying:
    """Retries a call that raises ``KafkaException`` while partition leadership or a coordinator is moving."""
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(
            lambda error: isinstance(error, KafkaException) and error_code(error) in LEADER_MOVING
        ),
        wait=tenacity.wait_fixed(RETRY_S),
        stop=tenacity.stop_after_delay(TIMEOUT_S),
        reraise=True,
    )


def error_code(error: KafkaException) -> int:
    return int(error.args[0].code())


def watermark_offsets(settings: Settings, positions: Sequence[Position]) -> dict[Position, tuple[int, int]]:
    """First retained offset and the offset after the last record, of each partition."""
    consumer = Consumer(consumer_config(settings, "tenor-watermarks"))
    try:
        return {
            position: retrying()(consumer.get_watermark_offsets, TopicPartition(*position), timeout=TIMEOUT_S)
            for position in positions
        }
    except KafkaException as error:
        raise unreachable(settings, error) from None
    finally:
        consumer.close()


def committed_offsets(settings: Settings, group: str, positions: Sequence[Position]) -> dict[Position, int]:
    """Committed offset of each partition of a group; 0 where nothing is committed."""
    consumer = Consumer(consumer_config(settings, group))
    try:
        wanted = [TopicPartition(*position) for position in positions]
        offsets = retrying()(consumer.committed, wanted, timeout=TIMEOUT_S)
        return {(tp.topic, tp.partition): max(tp.offset, 0) for tp in offsets}
    except KafkaException as error:
        raise unreachable(settings, error) from None
    finally:
        consumer.close()
