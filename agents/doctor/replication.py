"""Replication: what the loss of a broker would cost, and whether the cluster accepts records at all.

Producers wait for every replica in sync (``acks=all``), and there must be ``min.insync.replicas`` of them. Tenor's
guarantees hold at replication 3 and ``min.insync.replicas`` 2: docs/reliability.md.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from agents.doctor.broker import Cluster
from agents.doctor.check import Check, Verdict, join_names
from agents.doctor.topics import existing_topics
from agents.kafka.admin import topics

SUBJECT = "replication"
MIN_INSYNC = "min.insync.replicas"
RECOMMENDED_INSYNC = 2


class TopicReplication(NamedTuple):
    """How one topic is replicated.

    Attributes:
        replicas: of the partition with the fewest.
        min_insync: ``min.insync.replicas``; None where the broker does not report it.
        insync: replicas in sync of the partition with the fewest.
        leaderless: number of partitions without a leader.
    """

    replicas: int
    min_insync: int | None
    insync: int
    leaderless: int


class Problem(NamedTuple):
    """One problem of a topic's replication."""

    verdict: Verdict
    finding: str
    todo: str


def check_replication(cluster: Cluster) -> Iterator[Check]:
    """Problems with the replication of Tenor's topics; topics with the same problem share a line."""
    configs = topics.describe_configs(cluster.client, existing_topics(cluster))
    affected: dict[Problem, list[str]] = defaultdict(list)
    for topic in existing_topics(cluster):
        config = configs[topic.name].get(MIN_INSYNC)
        replication = read_replication(cluster.metadata.topics[topic.name].partitions, config and int(config.value))
        for problem in find_problems(replication, cluster.settings.replication, cluster.settings.embedded):
            affected[problem].append(topic.name)
    for problem, names in affected.items():
        yield Check(SUBJECT, problem.verdict, f"{problem.finding}: {join_names(names)}", problem.todo)
    if not affected and configs:
        yield Check(SUBJECT, "ok", describe_healthy(cluster))


def describe_healthy(cluster: Cluster) -> str:
    if cluster.settings.embedded:
        return "The embedded broker keeps one copy, in memory"
    return f"Every topic has {cluster.settings.replication} replicas, all in sync"


def read_replication(metadata: Mapping[int, object], min_insync: int | None) -> TopicReplication:
    """From the broker's metadata of a topic's partitions."""
    partitions = list(metadata.values())
    replicas = min(len(partition.replicas) for partition in partitions)  # type: ignore[attr-defined]
    insync = min(len(partition.isrs) for partition in partitions)  # type: ignore[attr-defined]
    leaderless = sum(partition.leader < 0 for partition in partitions)  # type: ignore[attr-defined]
    return TopicReplication(replicas, min_insync, insync, leaderless)


def find_problems(topic: TopicReplication, wanted: int, embedded: bool) -> Iterator[Problem]:
    """Problems of one topic.

    Args:
        wanted: replicas it should have, ``TENOR_REPLICATION``.
    """
    if topic.leaderless:
        yield Problem(
            "failed", "Partitions without a leader can be neither read nor written", "Start the missing brokers"
        )
    if embedded:
        return
    min_insync = 1 if topic.min_insync is None else topic.min_insync
    yield from find_config_problems(topic.replicas, wanted, min_insync)
    if topic.insync < topic.replicas and not topic.leaderless:
        verdict: Verdict = "failed" if topic.insync < min_insync <= topic.replicas else "warning"
        finding = f"{topic.insync} of {topic.replicas} replicas are in sync"
        yield Problem(verdict, finding, "Start the missing brokers")


def find_config_problems(replicas: int, wanted: int, min_insync: int) -> Iterator[Problem]:
    """Problems of the configured numbers, whichever brokers run."""
    finding = f"{MIN_INSYNC} is {min_insync} with {replicas} replicas"
    if min_insync > replicas:
        todo = f"Set {MIN_INSYNC} to {max(1, replicas - 1)}, or add replicas: kafka-reassign-partitions.sh"
        yield Problem("failed", f"{finding}, so no record is ever acknowledged", todo)
    elif replicas < wanted:
        finding = f"{replicas} replicas, but TENOR_REPLICATION is {wanted}"
        yield Problem("warning", finding, "Add replicas: kafka-reassign-partitions.sh")
    elif replicas == 1:
        todo = "Fine on a laptop; otherwise set TENOR_REPLICATION=3 before you create topics"
        yield Problem("warning", "1 replica, so the loss of its broker's disk loses records", todo)
    elif min_insync == replicas:
        yield Problem("warning", f"{finding}, so no broker may be down", f"Set {MIN_INSYNC} to {replicas - 1}")
    elif min_insync < RECOMMENDED_INSYNC:
        todo = f"Set {MIN_INSYNC} to {RECOMMENDED_INSYNC} (docs/reliability.md)"
        yield Problem("warning", f"{finding}, so the loss of one broker may lose acknowledged records", todo)
