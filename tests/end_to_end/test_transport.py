"""What brokers put into a log besides records one after another: gaps, markers, compression."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from confluent_kafka import Producer

from agents.kafka import client
from agents.kafka.async_producer import AsyncProducer, DeliveryFailed, OutgoingRecord
from agents.kafka.client import client_config
from agents.schema_registry.client import codec_for
from agents.verification.verify import verify
from schemas.records import record
from schemas.topics import INGESTED, RECORD_OF, Name
from tests.support.bus_events import message
from tests.support.deployment import Deployment, eventually

CODECS = ("gzip", "snappy", "lz4", "zstd")


def only_kafka(deployment: Deployment, why: str) -> None:
    if deployment.settings.embedded:
        pytest.skip(why)


def put(producer: Producer, deployment: Deployment, event: Mapping[str, Any]) -> None:
    value = codec_for(deployment.settings).encode(record(RECORD_OF[Name.MESSAGES]), dict(event))
    producer.produce(deployment.settings.topics.name(Name.MESSAGES), key=event["conversation_id"], value=value)


def transaction(producer: Producer, deployment: Deployment, commit: bool, *events: Mapping[str, Any]) -> None:
    producer.begin_transaction()
    for event in events:
        put(producer, deployment, event)
    producer.flush(10)  # what is aborted must have reached the log before
    if commit:
        producer.commit_transaction(10)
    else:
        producer.abort_transaction(10)


def transactional(deployment: Deployment) -> Producer:
    name = f"{deployment.settings.topic_prefix}producer"
    producer = Producer({**client_config(deployment.settings), "transactional.id": name})
    producer.init_transactions(20)
    return producer


def lag(deployment: Deployment, *names: Name) -> dict[client.Position, int]:
    """How far the workers' commits are behind the end of each partition."""
    settings = deployment.settings
    positions = client.partitions_of(settings, [settings.topics.name(name) for name in names])
    ends = client.end_offsets(settings, positions)
    done = client.committed_offsets(settings, settings.topics.worker_group, positions)
    return {position: end - done[position] for position, end in ends.items() if end > done[position]}


@pytest.mark.parametrize("codec", CODECS)
def test_every_compression_is_read(running: Deployment, codec: str) -> None:
    name = f"packed with {codec}"
    producer = Producer({**client_config(running.settings), "compression.type": codec, "linger.ms": 50})
    for _ in range(20):
        put(producer, running, message(name))
    assert producer.flush(10) == 0
    assert eventually(lambda: len(running.points(name)) == 20, "every message is a turn")


def test_after_a_quiet_period_the_commit_is_at_the_end(running: Deployment) -> None:
    running.send(Name.MESSAGES, *(message(f"quiet {number}") for number in range(40)))
    eventually(lambda: not lag(running, *INGESTED), "all input is committed to its end")


async def test_what_follows_a_refused_record_is_not_taken(new_deployment: Callable[..., Deployment]) -> None:
    """A gap that is filled later looks like a repeat: nothing may stand behind it."""
    deployment = new_deployment(partitions=1)
    only_kafka(deployment, "the embedded broker refuses no size")
    topic, outbox = deployment.settings.topics.name(Name.SIGNALS), AsyncProducer(deployment.settings)
    values = [b"before", Random(1).randbytes(5_000_000), *[b"after %d" % number for number in range(50)]]
    with pytest.raises(DeliveryFailed, match=r"did not accept|cannot send any more"):
        await outbox.send([OutgoingRecord(topic, b"key", value) for value in values])
    assert {message.value for message in deployment.read(Name.SIGNALS)} <= {b"before"}


def test_gaps_left_by_committed_transactions_do_not_stall_commits(new_deployment: Callable[..., Deployment]) -> None:
    deployment = new_deployment(partitions=1)
    only_kafka(deployment, "the embedded broker has no transactions")
    deployment.start_worker()
    producer = transactional(deployment)
    for number in range(5):
        transaction(producer, deployment, True, message(f"in {number}"), message("together"))
    deployment.send(Name.MESSAGES, message("after"))
    assert eventually(lambda: deployment.points("after"), "the event behind the gaps is folded")
    assert len(deployment.points("together")) == 5
    eventually(lambda: not lag(deployment, Name.MESSAGES), "committed to the end, over every marker")
    verdict = verify(deployment.settings)
    assert verdict.equal, verdict


def test_an_aborted_event_is_not_folded(new_deployment: Callable[..., Deployment]) -> None:
    deployment = new_deployment(partitions=1)
    only_kafka(deployment, "the embedded broker has no transactions")
    deployment.start_worker()
    producer = transactional(deployment)
    transaction(producer, deployment, False, message("aborted"))
    transaction(producer, deployment, True, message("committed"))
    deployment.send(Name.MESSAGES, message("after"))
    assert eventually(lambda: deployment.points("after"), "the event behind both is folded")
    assert len(deployment.points("committed")) == 1
    assert deployment.points("aborted") == []


def test_a_transaction_at_the_end_leaves_no_lag(new_deployment: Callable[..., Deployment]) -> None:
    """Its marker takes the last offset, and no record ever comes from there."""
    deployment = new_deployment(partitions=1)
    only_kafka(deployment, "the embedded broker has no transactions")
    deployment.start_worker()
    transaction(transactional(deployment), deployment, True, message("last"))
    assert eventually(lambda: deployment.points("last"), "it is folded")
    eventually(lambda: not lag(deployment, Name.MESSAGES), "committed to the end", 5)
