"""Publishes what a person asks for: one record, marked as a command."""

from agents.kafka.producer import Producer
from agents.kafka.record_builder import COMMAND_SOURCE, build_record
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from streams.outputs import Output


def publish(settings: Settings, output: Output) -> None:
    """Publish it and wait for the acknowledgement; ``DeliveryFailed`` when Kafka does not accept it."""
    Producer(settings).send([build_record(output, codec_for(settings), settings.topics, COMMAND_SOURCE)])
