"""Publishes to and from dead letter queues where there is no event loop: in the sink and on the command line."""

from collections.abc import Sequence
from functools import cached_property

from confluent_kafka import KafkaError, Message, Producer

from agents.kafka.async_producer import DeliveryFailed, OutgoingRecord
from agents.kafka.client import producer_config
from agents.settings.model import Settings

FLUSH_S = 30.0


class DeadLetterQueue:
    """Connects when there is a first dead letter; most sinks never have one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._failed: KafkaError | None = None
        self._offsets: dict[tuple[str, bytes | None], int] = {}

    @cached_property
    def _producer(self) -> Producer:
        return Producer(producer_config(self._settings))

    def send(self, letters: Sequence[OutgoingRecord]) -> dict[tuple[str, bytes | None], int]:
        """Publish, and return when the broker has taken every one; ``DeliveryFailed`` when it has not.

        Returns:
            the offset of each, by topic and key; where a key repeats, of the last.
        """
        self._offsets.clear()
        for letter in letters:
            self._produce(letter)
        if letters and self._producer.flush(FLUSH_S):
            raise DeliveryFailed(f"the broker did not take {letters[0].topic} within {FLUSH_S:g} s")
        if self._failed is not None:
            raise DeliveryFailed(f"a record was not taken: {self._failed.name()}")
        return dict(self._offsets)

    def _produce(self, letter: OutgoingRecord) -> None:
        self._producer.poll(0)
        self._producer.produce(
            letter.topic,
            key=letter.key,
            value=letter.value,
            partition=-1 if letter.partition is None else letter.partition,
            headers=list(letter.headers),
            timestamp=letter.timestamp_ms,
            on_delivery=self._delivered,
        )

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        self._failed = error or self._failed
        self._offsets[message.topic() or "", message.key()] = message.offset() or 0
