"""Commits of offsets: what passes by itself, what was lost to another member, and what is an error."""

from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from agents.common.errors import Failure
from agents.kafka.client import COORDINATOR_MOVING

log = structlog.get_logger(__name__)

# The partition went to another member while the batch was under way. It reads the batch again; rows collapse.
LOST = {
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.REBALANCE_IN_PROGRESS,
    KafkaError.FENCED_INSTANCE_ID,
    KafkaError._ASSIGNMENT_LOST,
    KafkaError._NO_OFFSET,
}
# The coordinator is moving to another broker, or is out of reach just now: it will take the same offsets later.
PASSING = {
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
    """The broker does not take offsets just now."""


def commit(consumer: Consumer, offsets: list[TopicPartition]) -> None:
    """Commit; return when the broker has the offsets, or the partitions belong to another member.

    Raises ``CommitUnavailable`` where trying again later will do.
    """
    try:
        answers = consumer.commit(offsets=offsets, asynchronous=False)
        raise_unless_lost(*(answer.error for answer in answers or () if answer.error))
    except KafkaException as error:
        raise_unless_lost(error.args[0])


def not_taken(reason: str) -> Failure:
    return Failure(f"the Kafka broker does not take the sink's offsets: {reason}", "set TENOR_BROKERS")


def raise_unless_lost(*errors: Any) -> None:
    """``CommitUnavailable`` for what passes, ``Failure`` for what does not."""
    for error in errors:
        if error.code() in PASSING:
            raise CommitUnavailable(error.name())
        if error.code() not in LOST:
            raise not_taken(error.name())
        log.info("a partition went to another sink before its batch was committed; it reads the batch again")
