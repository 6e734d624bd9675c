"""The limit: librdkafka, a thousand records at a time, our fold in memory. Offsets are committed; state is not kept.

python -m benchmarks.throughput.bare BROKERS GROUP TOPIC
"""

import sys
from collections import defaultdict

from confluent_kafka import Consumer, TopicPartition

from benchmarks.throughput.per_event import CONFIG, signal_in
from streams.conversations.partition import Partition

BATCH = 1000


def main(brokers: str, group: str, topic: str) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "auto.commit.interval.ms": 1000,
            "enable.auto.offset.store": False,
            "session.timeout.ms": 6000,
            "fetch.wait.max.ms": 30,
        }
    )
    consumer.subscribe([topic])
    partitions: dict[int, Partition] = defaultdict(lambda: Partition(CONFIG, {}.get, {}))
    while True:
        ends: dict[int, int] = {}
        for message in consumer.consume(BATCH, 0.1):
            assert message.error() is None, message.error()
            number = message.partition()
            partitions[number].fold(signal_in(message.value()))
            ends[number] = message.offset() + 1
        if ends:
            consumer.store_offsets(offsets=[TopicPartition(topic, *end) for end in ends.items()])


if __name__ == "__main__":
    main(*sys.argv[1:])
