"""A steady load: a thread that publishes a recording at a rate, whatever happens to the cluster meanwhile."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, Message, Producer

from agents.kafka import client
from agents.settings.model import Settings
from tests.faults.recording import Event

BEAT_S = 0.05
ENDED_S = 180.0


class Load:
    """Publishes as a good producer does: idempotent, acknowledged by all in-sync replicas, patient.

    Attributes:
        sent: records handed to the producer.
        acknowledged: records on the bus.
    """

    def __init__(self, settings: Settings, events: Iterable[Event], rate: float) -> None:
        self._settings, self._events, self.rate = settings, iter(events), rate
        self._producer = Producer({**client.producer_config(settings), "message.timeout.ms": 0, "acks": "all"})
        self._stop, self._counting = threading.Event(), threading.Lock()
        self._failed: str | None = None
        self.sent = self.acknowledged = 0
        self._thread = threading.Thread(target=self._publish, name="load", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return when all that was sent is on the bus."""
        self._stop.set()
        self._thread.join()
        left = self._producer.flush(ENDED_S)
        assert left == 0 and self._failed is None and self.sent == self.acknowledged, (left, self._failed)

    def burst(self, events: Iterable[Event]) -> int:
        """Publish events at once, in between; how many."""
        count = 0
        for event in events:
            self.produce(event)
            count += 1
        return count

    def produce(self, event: Event) -> None:
        topic = self._settings.topics.name(event.topic)
        while True:
            try:
                self._producer.produce(
                    topic, event.value, event.key, headers=list(event.headers), on_delivery=self._delivered
                )
            except BufferError:
                self._producer.poll(BEAT_S)
                continue
            with self._counting:
                self.sent += 1
            return

    def _publish(self) -> None:
        began, published = time.monotonic(), 0.0
        while not self._stop.wait(BEAT_S):
            now = time.monotonic()
            published += (now - began) * self.rate
            began = now
            while published >= 1:
                self.produce(next(self._events))
                published -= 1
            self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            with self._counting:
                self.acknowledged += 1
        else:
            self._failed = error.name()


@contextmanager
def steady(settings: Settings, events: Iterable[Event], rate: float) -> Iterator[Load]:
    """Load while the block runs; all of it is on the bus afterwards."""
    load = Load(settings, events, rate)
    load.start()
    try:
        yield load
    finally:
        load.stop()
