"""Replication: what the loss of a broker would cost, and whether the cluster takes records at all.

Producers wait for every replica in sync (``acks=all``), of which there must be ``min.insync.replicas``. What Tenor
promises, it promises at replication 3 and ``min.insync.replicas`` 2: docs/reliability.md.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from agents.doctor.broker import Cluster
from agents.doctor.check import Check, listed
from agents.doctor.topics import existing
from agents.kafka.admin import topics

ABOUT = "replication"
MIN = "min.insync.replicas"
PROMISED = 2


class TopicReplication(NamedTuple):
    """How one topic is kept.

    Attributes:
        replicas: of the partition that has fewest.
        least: ``min.insync.replicas``; None where the broker does not tell.
        insync: replicas in sync of the partition that has fewest.
        leaderless: number of partitions without a leader.
    """

    replicas: int
    least: int | None
    insync: int
    leaderless: int


def look(cluster: Cluster) -> Iterator[Check]:
    """What is wrong with the replication of our topics, topics with the same trouble in one line."""
    told = topics.describe_configs(cluster.client, existing(cluster))
    alike: dict[tuple[str, str, str | None], list[str]] = defaultdict(list)
    for topic in existing(cluster):
        least = told[topic.name].get(MIN)
        copies = of_topic(cluster.metadata.topics[topic.name].partitions, least and int(least.value))
        for trouble in troubles(copies, cluster.settings.replication, cluster.settings.embedded):
            alike[trouble].append(topic.name)
    for (verdict, found, todo), names in alike.items():
        yield Check(ABOUT, verdict, f"{found}: {listed(names)}", todo)  # type: ignore[arg-type]
    if not alike and told:
        yield Check(ABOUT, "ok", fine(cluster))


def fine(cluster: Cluster) -> str:
    if cluster.settings.embedded:
        return "the embedded broker keeps one copy, in memory"
    return f"every topic has {cluster.settings.replication} replicas, all in sync"


def of_topic(partitions: Mapping[int, object], least: int | None) -> TopicReplication:
    """From the broker's metadata of a topic."""
    found = list(partitions.values())
    replicas = min(len(one.replicas) for one in found)  # type: ignore[attr-defined]
    insync = min(len(one.isrs) for one in found)  # type: ignore[attr-defined]
    return TopicReplication(replicas, least, insync, sum(one.leader < 0 for one in found))  # type: ignore[attr-defined]


def troubles(copies: TopicReplication, wanted: int, embedded: bool) -> Iterator[tuple[str, str, str | None]]:
    """Verdict, what was found, what to do."""
    if copies.leaderless:
        yield (
            "failed",
            "partitions have no leader: they take nothing and give nothing",
            "start the brokers that are away",
        )
    if embedded:
        return
    least = 1 if copies.least is None else copies.least
    yield from kept(copies, wanted, least)
    if copies.insync < copies.replicas and not copies.leaderless:
        verdict = "failed" if copies.insync < least <= copies.replicas else "warning"
        yield verdict, f"{copies.insync} of {copies.replicas} replicas are in sync", "start the brokers that are away"


def kept(copies: TopicReplication, wanted: int, least: int) -> Iterator[tuple[str, str, str | None]]:
    """What is wrong with the numbers themselves."""
    replicas = copies.replicas
    if least > replicas:
        found = f"{MIN} is {least} with {replicas} replicas: no record is ever acknowledged"
        yield "failed", found, f"set {MIN} to {max(1, replicas - 1)}, or add replicas: kafka-reassign-partitions.sh"
    elif replicas < wanted:
        found = f"{replicas} replicas, TENOR_REPLICATION is {wanted}"
        yield "warning", found, "add replicas: kafka-reassign-partitions.sh"
    elif replicas == 1:
        found = "1 replica: with its broker's disk the records are lost"
        yield "warning", found, "fine on a laptop; else TENOR_REPLICATION=3 before topics are created"
    elif least == replicas:
        found = f"{MIN} is {least} with {replicas} replicas: no broker may be away"
        yield "warning", found, f"set {MIN} to {replicas - 1}"
    elif least < PROMISED:
        found = f"{MIN} is {least} with {replicas} replicas: what one broker acknowledged may be lost with it"
        yield "warning", found, f"set {MIN} to {PROMISED} (docs/reliability.md)"
