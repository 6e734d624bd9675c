"""The asynchronous producer: publishes a batch of records and returns when the broker has acknowledged every one.

An idempotent librdkafka producer keeps the order within a partition and retries by itself. When it gives up,
``DeliveryFailed`` ends the process: the input was not committed, so nothing is lost.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message
from confluent_kafka import Producer as KafkaProducer

from agents.common import metrics
from agents.common.errors import Failure
from agents.kafka.client import producer_config
from agents.settings.model import Settings

QUEUE_FULL_S = 0.01  # pause before the next attempt while the producer's queue is full
FATAL = (KafkaException, SystemError)  # raised by poll and flush once the producer cannot send any more

HeaderList = Sequence[tuple[str, bytes | None]]
OnDelivery = Callable[[KafkaError | None, Message], None]


class OutgoingRecord(NamedTuple):
    """One record to publish.

    Attributes:
        partition: None lets the key choose.
        timestamp_ms: milliseconds since 1970; 0 lets the producer take the present time.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: HeaderList = ()
    partition: int | None = None
    timestamp_ms: int = 0


class DeliveryFailed(Failure):
    """Kafka did not accept a record; the message names its topic and the error."""


def not_accepted(topic: str, error: KafkaError) -> DeliveryFailed:
    message = f"Kafka did not accept a record for {topic} ({error.name()})."
    return DeliveryFailed(message, f"{error.str()}. To check topics, grants and brokers, run: tenor doctor")


def producer_failed(error: BaseException) -> DeliveryFailed:
    message = f"The Kafka producer failed and cannot send any more ({error.__cause__ or error})."
    return DeliveryFailed(message, "To check topics, grants and brokers, run: tenor doctor; then start again.")


def enqueue(producer: KafkaProducer, record: OutgoingRecord, on_delivery: OnDelivery) -> bool:
    """Hand a record to the producer; False while its queue is full. ``DeliveryFailed`` when it refuses at once."""
    try:
        producer.produce(
            record.topic,
            key=record.key,
            value=record.value,
            headers=list(record.headers),
            partition=-1 if record.partition is None else record.partition,
            timestamp=record.timestamp_ms,
            on_delivery=on_delivery,
        )
    except BufferError:
        return False
    except KafkaException as error:  # the record is too large, or the producer has failed
        raise not_accepted(record.topic, error.args[0]) from None
    return True


class PendingDelivery:
    """Counts the acknowledgements of one batch; called from the poll thread."""

    def __init__(self, count: int) -> None:
        self._unacknowledged = count
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()
        self._error: DeliveryFailed | None = None

    def on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._error = not_accepted(str(message.topic()), error)
        self._unacknowledged -= 1
        if self._unacknowledged == 0:
            self._loop.call_soon_threadsafe(self._finish)

    def fail(self, error: DeliveryFailed) -> None:
        """End the wait: the producer has failed, and no more acknowledgements come."""
        self._error = self._error or error
        self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if self._future.done():
            return
        if self._error is None:
            self._future.set_result(None)
        else:
            self._future.set_exception(self._error)

    async def wait(self) -> None:
        await self._future


class AsyncProducer:
    """Publishes records from an event loop. One per process; ``close`` it."""

    def __init__(self, settings: Settings) -> None:
        self._producer = KafkaProducer(producer_config(settings))
        self._pending: set[PendingDelivery] = set()
        self._open = True
        self._poller = threading.Thread(target=self._poll, name="async-producer", daemon=True)
        self._poller.start()

    async def send(self, records: Sequence[OutgoingRecord]) -> None:
        """Publish records in order; returns when all are acknowledged, raises ``DeliveryFailed``."""
        if not records:
            return
        delivery = PendingDelivery(len(records))
        self._pending.add(delivery)
        for record in records:
            while not enqueue(self._producer, record, delivery.on_delivery):
                await asyncio.sleep(QUEUE_FULL_S)  # the poll thread empties the queue
        await delivery.wait()
        self._pending.discard(delivery)
        for topic, count in Counter(record.topic for record in records).items():
            metrics.RECORDS_OUT.labels(topic).inc(count)

    def _poll(self) -> None:
        while self._open:
            try:
                self._producer.poll(0.1)
            except FATAL as error:
                self._fail(producer_failed(error))

    def _fail(self, error: DeliveryFailed) -> None:
        for delivery in list(self._pending):
            delivery.fail(error)

    def close(self) -> None:
        """Send what is queued, then stop."""
        self._producer.flush(10)
        self._open = False
        self._poller.join()
