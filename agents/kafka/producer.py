"""The synchronous producer: for threads and commands, which have no event loop."""

import time
from collections.abc import Callable, Sequence
from functools import cached_property

from confluent_kafka import KafkaError, Message
from confluent_kafka import Producer as KafkaProducer

from agents.kafka.async_producer import FATAL, DeliveryFailed, OutgoingRecord, enqueue, not_accepted, producer_failed
from agents.kafka.client import producer_config
from agents.settings.model import Settings

FLUSH_S = 30.0
POLL_S = 0.1
PROGRESS_S = 0.1


class Producer:
    """Publishes records from a plain thread. It connects with the first record: most sinks never publish one.

    Once a record was refused, every later call raises the same ``DeliveryFailed``.

    Args:
        delivery_timeout_s: seconds after which a record counts as refused; None: never.
        on_progress: called about ten times a second with the number of records acknowledged so far.
    """

    def __init__(
        self,
        settings: Settings,
        delivery_timeout_s: float | None = None,
        on_progress: Callable[[int], None] = lambda acknowledged: None,
    ) -> None:
        self._settings, self._delivery_timeout_s, self._on_progress = settings, delivery_timeout_s, on_progress
        self._acknowledged, self._reported_at = 0, 0.0
        self._offsets: dict[tuple[str, bytes | None], int] = {}
        self._failure: DeliveryFailed | None = None

    @cached_property
    def _producer(self) -> KafkaProducer:
        config = producer_config(self._settings)
        if self._delivery_timeout_s is not None:
            config["message.timeout.ms"] = round(self._delivery_timeout_s * 1000)
        return KafkaProducer(config)

    def send(self, records: Sequence[OutgoingRecord]) -> dict[tuple[str, bytes | None], int]:
        """Publish records in order and wait until all are acknowledged.

        Returns:
            the offset of each, by topic and key; where a key repeats, of the last.

        Raises ``DeliveryFailed`` for a refused record, or without acknowledgement within ``FLUSH_S`` seconds.
        """
        self._offsets.clear()
        for record in records:
            self.publish(record)
        if records and not self._flushed(FLUSH_S):
            message = f"Kafka did not acknowledge a record for {records[0].topic} within {FLUSH_S:g} s."
            raise DeliveryFailed(message, "To check the brokers, run: tenor doctor")
        return dict(self._offsets)

    def publish(self, record: OutgoingRecord) -> None:
        """Queue a record; waits while the queue is full. ``flush`` waits for the acknowledgement."""
        while not enqueue(self._producer, record, self._on_delivery):
            self._serve(self._producer.poll, POLL_S)
        self._serve(self._producer.poll, 0.0)

    def wait_until(self, moment: float) -> None:
        """Return at a monotonic time, seconds; acknowledgements are served meanwhile."""
        while (left := moment - time.monotonic()) > 0:
            self._serve(self._producer.poll, min(left, POLL_S))

    def flush(self) -> None:
        """Return when every record is acknowledged; ``DeliveryFailed`` as soon as one is refused."""
        while not self._flushed(POLL_S):
            pass
        self._on_progress(self._acknowledged)

    def _flushed(self, timeout_s: float) -> bool:
        return self._serve(self._producer.flush, timeout_s) == 0

    def _serve(self, call: Callable[[float], int], timeout_s: float) -> int:
        """Poll or flush, which call ``_on_delivery``; then raise what was refused, and report progress."""
        try:
            answer = call(timeout_s)
        except FATAL as error:
            self._failure = self._failure or producer_failed(error)
        if self._failure is not None:
            self._producer.purge()  # the rest need not be waited for
            raise self._failure
        if time.monotonic() - self._reported_at > PROGRESS_S:
            self._reported_at = time.monotonic()
            self._on_progress(self._acknowledged)
        return answer

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failure = self._failure or not_accepted(str(message.topic()), error)
            return
        self._acknowledged += 1
        self._offsets[message.topic() or "", message.key()] = message.offset() or 0
