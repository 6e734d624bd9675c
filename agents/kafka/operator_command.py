"""What a person asks for: one record, marked as theirs, acknowledged by the broker when ``publish`` returns."""

from agents.kafka.producer import DeadLetterQueue
from agents.kafka.record_builder import BY_HAND, published
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from streams.outputs import Output


def publish(settings: Settings, output: Output) -> None:
    """Publish it; ``DeliveryFailed`` when the broker does not take it."""
    DeadLetterQueue(settings).send([published(output, codec_for(settings), settings.topics, BY_HAND)])
