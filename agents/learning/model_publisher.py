"""Weights onto the bus: published, then announced to every partition of tenor.signals.

The moment from which they count is so a record of the log. Each step is acknowledged before the next.
"""

from agents.common.clock import now_ms
from agents.kafka import client
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.producer import Producer
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import Name
from streams.signals.extraction import Signal, model_signal
from streams.text_model import weights
from streams.text_model.weights import Weights

SIGNAL = record("signal")


class ModelPublisher:
    """Tells workers which weights to use."""

    def __init__(self, settings: Settings, codec: Codec) -> None:
        self._settings, self._codec = settings, codec
        self._producer = Producer(settings)

    def publish(self, found: Weights) -> None:
        """Give the workers these weights."""
        topic = self._settings.topics.text_model
        self._producer.send([OutgoingRecord(topic, found.version.encode(), weights.pack(found))])
        self.announce(found.version)

    def announce(self, version: str) -> None:
        """Tell every partition of tenor.signals to go on with weights that were published before."""
        to_every_partition(self._settings, self._codec, self._producer, model_signal(version, now_ms()))


def to_every_partition(settings: Settings, codec: Codec, producer: Producer, signal: Signal) -> None:
    """Publish a signal that is about no conversation; returns when every partition of tenor.signals has it."""
    signals = settings.topics.name(Name.SIGNALS)
    value = codec.encode(SIGNAL, signal)
    partitions = client.partitions_of(settings, [signals])
    producer.send([OutgoingRecord(signals, None, value, partition=number) for _, number in partitions])
