"""A producer for plain threads: publishes records and counts their acknowledgements."""

import time
from collections.abc import Callable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from agents.common.errors import Failure
from agents.kafka import client
from agents.recordings.model import Event
from agents.settings.model import Settings
from schemas.codec import CONTRACT_VERSION, VERSION_HEADER, Codec
from schemas.records import record
from schemas.topics import RECORD_OF, Name

HEADERS: list[tuple[str, str | bytes | None]] = [
    ("content-type", b"application/avro"),
    (VERSION_HEADER, CONTRACT_VERSION.encode()),
]
DELIVERY_MS = 30_000
PROGRESS_S = 0.1
POLL_S = 0.1
Progress = Callable[[int, int], None]


class Publisher:
    """Publishes records from a plain thread and counts their acknowledgements. ``flush`` ends it.

    Args:
        total: how many records will be published.
        progress: told acknowledged and total.
    """

    def __init__(self, settings: Settings, total: int, progress: Progress) -> None:
        self._topics, self._codec = settings.topics, Codec()
        self._producer = Producer({**client.producer_config(settings), "delivery.timeout.ms": DELIVERY_MS})
        self._total, self._progress = total, progress
        self._acknowledged, self._told_at = 0, 0.0
        self._failure: Failure | None = None

    def send(self, event: Event) -> None:
        """Publish one event under its conversation's key."""
        value = self._codec.encode(record(RECORD_OF[Name(event.topic)]), dict(event.event))
        self.produce(self._topics.name(event.topic), event.key.encode(), value)

    def produce(self, topic: str, key: bytes | None, value: bytes, partition: int = -1) -> None:
        """Publish one record; waits while the queue is full."""
        while True:
            try:
                self._producer.produce(topic, value, key, partition, on_delivery=self._delivered, headers=HEADERS)
            except BufferError:
                self._poll(POLL_S)
            except KafkaException as error:
                raise not_taken(topic, error.args[0]) from None
            else:
                return self._poll(0.0)

    def wait_until(self, moment: float) -> None:
        """Return at a monotonic time, seconds; acknowledgements are served meanwhile."""
        while (left := moment - time.monotonic()) > 0:
            self._poll(min(left, POLL_S))

    def flush(self) -> None:
        """Return when every record is acknowledged."""
        while len(self._producer):
            self._poll(POLL_S)
        self._poll(0.0)
        self._progress(self._acknowledged, self._total)

    def _poll(self, seconds: float) -> None:
        self._producer.poll(seconds)
        if self._failure is not None:
            self._producer.purge()  # nothing more is worth waiting for
            raise self._failure
        if time.monotonic() - self._told_at > PROGRESS_S:
            self._told_at = time.monotonic()
            self._progress(self._acknowledged, self._total)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._acknowledged += 1
        elif self._failure is None:
            self._failure = not_taken(str(message.topic()), error)


def not_taken(topic: str, error: KafkaError) -> Failure:
    return Failure(f"the broker did not take a record for {topic} ({error.name()})", error.str())
