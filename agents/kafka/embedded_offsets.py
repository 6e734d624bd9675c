"""True end offsets of the embedded broker, whose ListOffsets misses the last batch."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from agents.common.errors import Failure

Partition = tuple[str, int]


def true_end_offsets(bootstrap: str, partitions: Sequence[Partition], timeout_s: float = 10.0) -> dict[Partition, int]:
    """The end offset of each partition (the offset of its next record), on Tansu as on Kafka.

    Each partition is fetched once, from just before the end that ListOffsets claims: a fetch response
    carries the true high watermark. Raises KafkaException for a partition that does not exist.
    """
    deadline = time.monotonic() + timeout_s
    with _reader(bootstrap) as consumer:
        claimed = _claimed_ends(consumer, partitions, timeout_s)
        consumer.assign([TopicPartition(*key, max(end - 1, 0)) for key, end in claimed.items()])
        return _high_watermarks(consumer, claimed, deadline)


@contextmanager
def _reader(bootstrap: str) -> Iterator[Consumer]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "tenor-end-offsets",  # required, never joined: partitions are assigned
            "enable.auto.commit": False,
            "auto.offset.reset": "latest",  # the last record may be gone (retention): the end is as good
            "fetch.wait.max.ms": 20,
        }
    )
    try:
        yield consumer
    finally:
        consumer.close()


def _claimed_ends(consumer: Consumer, partitions: Sequence[Partition], timeout_s: float) -> dict[Partition, int]:
    # One ListOffsets request for all. (AdminClient.list_offsets now and then takes three seconds.)
    wanted = [TopicPartition(*partition, OFFSET_END) for partition in partitions]
    answers = consumer.offsets_for_times(wanted, timeout=timeout_s) if wanted else []
    for answer in answers:
        if answer.error:
            raise KafkaException(answer.error)
    return {(answer.topic, answer.partition): answer.offset for answer in answers}


def _high_watermarks(consumer: Consumer, partitions: Iterable[Partition], deadline: float) -> dict[Partition, int]:
    known: dict[Partition, int] = {}
    missing = set(partitions)
    while missing:
        if time.monotonic() > deadline:
            raise Failure(
                f"The broker did not return the end offsets of {len(missing)} partitions in time.",
                "Check that the embedded stack is running: tenor up",
            )
        consumer.consume(1000, 0.005)  # makes room: fetched records would hold up the next fetch
        known |= {key: end for key in missing if (end := _cached_watermark(consumer, key)) is not None}
        missing -= known.keys()
    return known


def _cached_watermark(consumer: Consumer, partition: Partition) -> int | None:
    try:
        _, high = consumer.get_watermark_offsets(TopicPartition(*partition), cached=True)
    except KafkaException:
        return None
    return high if high >= 0 else None
