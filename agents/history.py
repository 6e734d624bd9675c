"""Signals as the learner reads them: outside of any group, some way back from the start, then as they come."""

from collections.abc import Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from agents import kafka
from agents.publishing import headers_of
from agents.received import received
from agents.settings import Settings
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Name

SIGNAL = record("signal")
CHUNK = 1000
NOT_OF_A_CONVERSATION = ("tick", "model", "policy")


class History:
    """Reads tenor.signals.

    Args:
        since_ms: where reading begins, milliseconds of the broker's time.
    """

    def __init__(self, settings: Settings, codec: Codec, since_ms: int) -> None:
        positions = kafka.partitions_of(settings, [settings.topics.name(Name.SIGNALS)])
        config = kafka.consumer_config(settings, f"{settings.topics.learner_group}-history")
        self._codec = codec
        self._consumer = Consumer({**config, "enable.partition.eof": True})
        wanted = [TopicPartition(*position, since_ms) for position in positions]
        self._consumer.assign(self._beginnings(settings, wanted))
        self._unread = set(positions)

    def _beginnings(self, settings: Settings, wanted: list[TopicPartition]) -> list[TopicPartition]:
        try:
            return self._consumer.offsets_for_times(wanted, timeout=kafka.TIMEOUT_S)
        except KafkaException as error:
            raise kafka.unreachable(settings, error) from None

    @property
    def caught_up(self) -> bool:
        """Whether the present end of every partition was reached once."""
        return not self._unread

    def take(self, wait_s: float) -> tuple[list[dict[str, Any]], bool]:
        """Signals of conversations, and whether there are more at once. What is no signal is the worker's to refuse."""
        messages = self._consumer.consume(CHUNK, wait_s)
        return list(self._signals(messages)), len(messages) == CHUNK

    def close(self) -> None:
        self._consumer.close()

    def _signals(self, messages: list[Any]) -> Iterator[dict[str, Any]]:
        for message in messages:
            error = message.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                self._unread.discard((message.topic(), message.partition()))
                continue
            one = received(message)
            try:
                signal = self._codec.decode(SIGNAL, one.value, headers_of(one))
            except Rejected:
                continue
            if signal["kind"] not in NOT_OF_A_CONVERSATION:
                yield signal
