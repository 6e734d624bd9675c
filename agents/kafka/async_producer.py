"""The outbox: publishes a run of records and returns when the broker has acknowledged every one.

An idempotent librdkafka producer keeps the order within a partition and retries by itself. What it gives up on
raises ``DeliveryFailed``, which ends the process: the input was not committed, so nothing is lost.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from agents.common import metrics
from agents.kafka.client import producer_config
from agents.settings.model import Settings

FULL_S = 0.01  # how long to wait for room in the producer's queue

HeaderList = Sequence[tuple[str, bytes | None]]


class OutgoingRecord(NamedTuple):
    """One record to publish; ``partition`` None lets the key choose."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: HeaderList = ()
    partition: int | None = None
    timestamp_ms: int = 0


class DeliveryFailed(Exception):
    """The broker did not take a record; the message names its topic and the broker's reason."""


def not_taken(topic: str, error: KafkaError) -> DeliveryFailed:
    return DeliveryFailed(f"a record for {topic} was not taken: {error.name()}")


class PendingDelivery:
    """Counts acknowledgements of one run; called from the poll thread."""

    def __init__(self, awaited: int) -> None:
        self._awaited = awaited
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()
        self._error: DeliveryFailed | None = None

    def acknowledged(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._error = not_taken(str(message.topic()), error)
        self._awaited -= 1
        if self._awaited == 0:
            self._loop.call_soon_threadsafe(self._finish)

    def failed(self, error: DeliveryFailed) -> None:
        """The producer has failed for good: no more acknowledgements come."""
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
        self._producer = Producer(producer_config(settings))
        self._under_way: set[PendingDelivery] = set()
        self._open = True
        self._poller = threading.Thread(target=self._poll, name="outbox", daemon=True)
        self._poller.start()

    async def send(self, records: Sequence[OutgoingRecord]) -> None:
        """Publish records in order; returns when all are acknowledged, raises ``DeliveryFailed``."""
        if not records:
            return
        delivery = PendingDelivery(len(records))
        self._under_way.add(delivery)
        for record in records:
            while not self._queued(record, delivery):
                await asyncio.sleep(FULL_S)  # the poll thread empties the queue
        await delivery.wait()
        self._under_way.discard(delivery)
        for topic, count in Counter(record.topic for record in records).items():
            metrics.RECORDS_OUT.labels(topic).inc(count)

    def _queued(self, record: OutgoingRecord, delivery: PendingDelivery) -> bool:
        """Whether the producer's queue had room for the record."""
        try:
            self._producer.produce(
                record.topic,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                partition=-1 if record.partition is None else record.partition,
                timestamp=record.timestamp_ms,
                on_delivery=delivery.acknowledged,
            )
        except BufferError:
            return False
        except KafkaException as error:  # refused at once: too large, or the producer has failed for good
            raise not_taken(record.topic, error.args[0]) from None
        return True

    def _poll(self) -> None:
        while self._open:
            try:
                self._producer.poll(0.1)
            except (KafkaException, SystemError) as error:  # fatal: no acknowledgement will come any more
                self._fail(DeliveryFailed(f"the producer has failed for good: {error.__cause__ or error}"))

    def _fail(self, error: DeliveryFailed) -> None:
        for delivery in list(self._under_way):
            delivery.failed(error)

    def close(self) -> None:
        """Send what is waiting, then stop."""
        self._producer.flush(10)
        self._open = False
        self._poller.join()
