"""A record consumed through librdkafka, with the attributes of aiokafka's records."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, KafkaError, Message

from agents.common.errors import Failure


class ConsumedRecord(NamedTuple):
    """One consumed record; ``timestamp`` is Kafka's, milliseconds, 0 where there is none."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    timestamp: int

    def header(self, name: str) -> str | None:
        """The last header of that name, as text; None without one."""
        values = [value for key, value in self.headers if key == name and value is not None]
        return values[-1].decode(errors="replace") if values else None


def headers(message: Message) -> list[tuple[str, bytes | None]]:
    """Headers in order; the client's types allow more than it returns."""
    raw: Any = message.headers() or []
    return list(raw)


def from_message(message: Message) -> ConsumedRecord:
    """The record of a message; ``Failure`` when the message is an error."""
    require_no_error(message)
    kind, timestamp = message.timestamp()
    return ConsumedRecord(
        message.topic() or "",
        message.partition() or 0,
        message.offset() or 0,
        message.key(),
        message.value(),
        headers(message),
        0 if kind == TIMESTAMP_NOT_AVAILABLE else timestamp,
    )


def require_no_error(message: Message) -> None:
    """``Failure`` when the message is an error instead of a record."""
    error = message.error()
    if error is not None:
        raise Failure(
            f"Reading {message.topic()} from Kafka failed ({error.name()}).",
            "If the topic is missing, run: tenor topics apply; to check grants, run: tenor doctor",
        )


def is_partition_end(message: Message) -> bool:
    """Whether the message says that a partition was read to its present end."""
    error = message.error()
    return error is not None and error.code() == KafkaError._PARTITION_EOF
