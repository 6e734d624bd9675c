"""The last records of topics, read from all partitions at once and within seconds."""

import time
from collections.abc import Iterable, Iterator

from confluent_kafka import Consumer, KafkaException, TopicPartition

from agents.doctor.broker import Cluster
from agents.kafka import client
from agents.kafka.consumed_record import ConsumedRecord, from_message, is_partition_end

READ_S = 3.0


def read_tail(cluster: Cluster, topics: Iterable[str], count: int) -> list[ConsumedRecord]:
    """The last ``count`` records of each partition of the topics that exist; fewer if the broker is slow."""
    existing = [name for name in topics if name in cluster.metadata.topics]
    ends = client.end_offsets(cluster.settings, client.partitions_of(cluster.settings, existing))
    starts = [TopicPartition(*position, max(0, end - count)) for position, end in ends.items() if end > 0]
    consumer = Consumer(client.consumer_config(cluster.settings, "tenor-reader") | {"enable.partition.eof": True})
    try:
        consumer.assign(starts)
        return list(read_to_end(consumer, {(start.topic, start.partition) for start in starts}))
    except KafkaException as error:
        raise client.unreachable(cluster.settings, error) from None
    finally:
        consumer.close()


def read_to_end(consumer: Consumer, unread: set[client.Position]) -> Iterator[ConsumedRecord]:
    """Every record up to the end of each partition, until a deadline."""
    deadline = time.monotonic() + READ_S
    while unread and time.monotonic() < deadline:
        for message in consumer.consume(1000, 0.05):
            if is_partition_end(message):
                unread.discard((message.topic() or "", message.partition() or 0))
            else:
                yield from_message(message)
