"""Publishes weights of the text model, then announces them in every partition of tenor.signals.

So the log itself says from when weights apply. Each step is acknowledged before the next.
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
    """Publishes weights and announces the version to use."""

    def __init__(self, settings: Settings, codec: Codec) -> None:
        self._settings, self._codec = settings, codec
        self._producer = Producer(settings)

    def publish(self, model_weights: Weights) -> None:
        """Publish weights and announce them."""
        topic = self._settings.topics.text_model
        self._producer.send([OutgoingRecord(topic, model_weights.version.encode(), weights.pack(model_weights))])
        self.announce(model_weights.version)

    def announce(self, version: str) -> None:
        """Announce published weights in every partition of tenor.signals."""
        publish_to_every_partition(self._settings, self._codec, self._producer, model_signal(version, now_ms()))


def publish_to_every_partition(settings: Settings, codec: Codec, producer: Producer, signal: Signal) -> None:
    """Publish a signal to every partition of tenor.signals; returns when all are acknowledged."""
    signals = settings.topics.name(Name.SIGNALS)
    value = codec.encode(SIGNAL, signal)
    partitions = client.partitions_of(settings, [signals])
    producer.send([OutgoingRecord(signals, None, value, partition=number) for _, number in partitions])
