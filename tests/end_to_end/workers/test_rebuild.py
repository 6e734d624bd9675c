"""Disaster recovery, as docs/operations.md tells it: the states come back from the log."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition

from agents.common.clock import now_ms
from agents.kafka import client as kafka
from agents.kafka.admin import topics
from agents.settings.model import Settings
from agents.verification.verify import verify
from schemas.topics import Name
from tests.faults.changelog import states_in
from tests.support.bus_events import ANGRY, CALM, burst, conversation
from tests.support.deployment import Deployment, eventually

CONVERSATIONS = 12
TEXTS = [CALM, *[ANGRY] * 5]


def done(futures: dict[Any, "Future[Any]"]) -> None:
    for future in futures.values():
        future.result(10)


def lag(settings: Settings) -> int:
    positions = kafka.partitions_of(settings, [settings.topics.name(Name.SIGNALS)])
    ends, read = (
        kafka.end_offsets(settings, positions),
        kafka.committed_offsets(settings, settings.topics.worker_group, positions),
    )
    return sum(ends[position] - read[position] for position in positions)


@pytest.mark.faults
@pytest.mark.parametrize("broker", [pytest.param("kafka", marks=pytest.mark.kafka)], indirect=True)
def test_states_that_are_lost_are_folded_again_from_the_log(new_deployment: Callable[..., Deployment]) -> None:
    """What kafka-topics.sh and kafka-consumer-groups.sh do in the document, by the same requests."""
    deployment = new_deployment(tick_s=600.0)
    settings, start = deployment.settings, now_ms() - 600_000
    worker = deployment.start_worker()
    for number in range(CONVERSATIONS):
        deployment.send(Name.MESSAGES, *conversation(f"c{number}", TEXTS, start))
        deployment.send(Name.KEYSTROKES, burst(f"c{number}", event_time=start + 1))
    eventually(lambda: len(deployment.points()) == CONVERSATIONS * len(TEXTS) and lag(settings) == 0, "all is folded")
    worker.stop(20)
    before, points = states_in(settings), len(deployment.points())
    assert sum(map(len, before.values())) >= CONVERSATIONS

    client, changelog = kafka.admin_client(settings), settings.topics.changelog
    done(client.delete_topics([changelog]))
    eventually(lambda: changelog not in kafka.metadata(client, settings).topics, "the changelog is gone")
    assert topics.apply(settings) == []
    first = [TopicPartition(*place, 0) for place in kafka.partitions_of(settings, [settings.topics.name(Name.SIGNALS)])]
    done(client.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(settings.topics.worker_group, first)]))
    assert not any(states_in(settings).values()) and lag(settings) > 0

    deployment.start_worker()
    eventually(lambda: lag(settings) == 0, "the log is folded again")
    eventually(lambda: states_in(settings) == before, "the states are what they were")
    assert len(deployment.points()) == 2 * points, "what was published before is published again"
    verdict = verify(settings)
    assert verdict.equal and verdict.skipped == 0
