"""Committing offsets: which errors to retry, which mean that the partition moved, and which are final."""

from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from agents.common.errors import Failure
from agents.kafka.client import COORDINATOR_MOVING

log = structlog.get_logger(__name__)

# The partition moved to another member of the group, which reads the batch again.
PARTITION_LOST = {
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError._ASSIGNMENT_LOST,
    KafkaError._NO_OFFSET,
}
# The coordinator is moving or cannot be reached: retry later.
TRANSIENT = {
    *COORDINATOR_MOVING,
    KafkaError.NOT_ENOUGH_REPLICAS,
    KafkaError.REQUEST_TIMED_OUT,
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._RESOLVE,
    KafkaError._TIMED_OUT,
    KafkaError._TRANSPORT,
    KafkaError._WAIT_COORD,
}


class CommitUnavailable(Exception):
    """Kafka cannot commit offsets at the moment; retry later."""


def commit(consumer: Consumer, offsets: list[TopicPartition]) -> None:
    """Commit; return when Kafka has stored the offsets, or when the partitions belong to another member.

    Raises ``CommitUnavailable`` when a retry may succeed, ``Failure`` when it cannot.
    """
    try:
        answers = consumer.commit(offsets=offsets, asynchronous=False)
        raise_unless_lost(*(answer.error for answer in answers or () if answer.error))
    except KafkaException as error:
        raise_unless_lost(error.args[0])


def commit_failed(reason: str) -> Failure:
    return Failure(
        f"Kafka refused to commit offsets ({reason}).",
        "Check TENOR_BROKERS and the user's READ grant on the consumer group; to test both, run: tenor doctor",
    )


def raise_unless_lost(*errors: Any) -> None:
    """``CommitUnavailable`` for transient errors, ``Failure`` for final ones."""
    for error in errors:
        if error.code() in TRANSIENT:
            raise CommitUnavailable(error.name())
        if error.code() not in PARTITION_LOST:
            raise commit_failed(error.name())
        log.info("partition moved to another consumer before its batch was committed; that consumer reads it again")
