"""Reads topics from their first record to their present end, outside any consumer group."""

import time
from collections.abc import Iterator, Sequence

from confluent_kafka import Consumer, TopicPartition

from agents.common.errors import Failure
from agents.kafka import client
from agents.kafka.consumed_record import ConsumedRecord, from_message, is_partition_end
from agents.settings.model import Settings

SILENCE_S = 30.0


def read(settings: Settings, topics: Sequence[str]) -> Iterator[ConsumedRecord]:
    """Every record of the topics, one partition after another, in the order of the log."""
    positions = client.partitions_of(settings, topics)
    ends = client.end_offsets(settings, positions)
    for position in positions:
        yield from read_partition(settings, position, ends[position])


def read_partition(settings: Settings, position: client.Position, end: int, start: int = 0) -> Iterator[ConsumedRecord]:
    """Records of one partition from the offset ``start`` and before ``end``."""
    if start >= end:
        return
    consumer = Consumer({**client.consumer_config(settings, "tenor-reader"), "enable.partition.eof": True})
    try:
        consumer.assign([TopicPartition(*position, start)])
        yield from records(consumer, position, end)
    finally:
        consumer.close()


def records(consumer: Consumer, position: client.Position, end: int) -> Iterator[ConsumedRecord]:
    arrived_at = time.monotonic()
    while time.monotonic() - arrived_at < SILENCE_S:
        # consume() returns early only when the number is reached: a short wait, not a long one
        for message in consumer.consume(2000, 0.05):
            arrived_at = time.monotonic()
            if is_partition_end(message):
                return
            record = from_message(message)
            if record.offset < end:
                yield record
            if record.offset >= end - 1:
                return
    topic, partition = position
    raise Failure(
        f"Kafka returned no record of {topic}, partition {partition}, for {SILENCE_S:.0f} s.",
        "To check the brokers, run: tenor doctor",
    )
