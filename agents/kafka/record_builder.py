"""Builds Kafka records from domain records, and dead letters from refused events."""

from typing import Any

from agents.common import metrics
from agents.kafka.async_producer import OutgoingRecord
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.headers import cloud_event_headers, dead_letter_headers
from schemas.records import record
from schemas.topics import KEY_OF, TOPIC_OF, Name, Topics
from streams.outputs import Output

SOURCE = "tenor"
COMMAND_SOURCE = "tenor-command"  # a person's command: no signal caused it
LEARNER_SOURCE = "tenor-learner"  # computed from everything learned, not from one partition of the signals
WORKLOAD_SOURCE = "tenor-workload"  # computed from conversation.assignments, too, which no worker reads
TIME_OF = {Name.POLICY: "created_at"}  # of all others event_time


def build_record(output: Output, codec: Codec, topics: Topics, source: str = SOURCE) -> OutgoingRecord:
    """One output as a Kafka record, keyed by conversation or by another field of ``KEY_OF``."""
    schema, datum, name = record(output.record), output.datum, TOPIC_OF[output.record]
    return OutgoingRecord(
        topic=topics.name(name),
        key=(datum[KEY_OF.get(name, "conversation_id")] or datum["tenant"]).encode(),
        value=codec.encode(schema, datum),
        headers=cloud_event_headers(schema, output.id, datum[TIME_OF.get(name, "event_time")], source),
    )


def build_dead_letter(message: Any, refusal: Rejected, stage: str) -> OutgoingRecord:
    """The dead letter of a refused record: its own bytes, and error headers. Counted in the metrics."""
    metrics.EVENTS_REFUSED.labels(message.topic, str(refusal.reason)).inc()
    position = (message.topic, message.partition, message.offset)
    return OutgoingRecord(
        topic=f"{message.topic}.dlq",
        key=message.key,
        value=message.value,
        headers=dead_letter_headers(message.headers or (), refusal, position, stage),
        timestamp_ms=message.timestamp,
    )


def headers_of(message: Any) -> dict[str, bytes]:
    """Headers of a consumed record; the last one counts where a name repeats."""
    return {name: value for name, value in message.headers or () if value is not None}
