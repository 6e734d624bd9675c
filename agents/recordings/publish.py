"""Publishing the events of a recording."""

from collections.abc import Iterable

from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.producer import Producer
from agents.recordings.model import Event
from agents.settings.model import Settings
from schemas.codec import CONTRACT_VERSION, VERSION_HEADER, Codec
from schemas.records import record
from schemas.topics import RECORD_OF, Name, Topics

HEADERS = (("content-type", b"application/avro"), (VERSION_HEADER, CONTRACT_VERSION.encode()))
DELIVERY_TIMEOUT_S = 30.0


def publish_events(settings: Settings, events: Iterable[Event]) -> None:
    """Publish events as they come; returns when all are acknowledged, ``DeliveryFailed`` when one is refused."""
    producer, codec = Producer(settings, DELIVERY_TIMEOUT_S), Codec()
    for event in events:
        producer.publish(build_event_record(event, settings.topics, codec))
    producer.flush()


def build_event_record(event: Event, topics: Topics, codec: Codec) -> OutgoingRecord:
    """One event as a Kafka record, under its conversation's key."""
    value = codec.encode(record(RECORD_OF[Name(event.topic)]), dict(event.event))
    return OutgoingRecord(topics.name(event.topic), event.key.encode(), value, HEADERS)
