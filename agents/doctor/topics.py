"""Topics: are all there, with the partitions, retention and cleanup they should have."""

from collections.abc import Iterator

from agents.doctor.broker import Cluster
from agents.doctor.check import Check, Verdict, listed
from agents.kafka.admin import partition_counts, topics
from schemas.topics import Topic

ABOUT = "topics"
APPLY = "run: tenor topics apply"
HARMLESS = "nothing must be done: no state stands beside it"
# What else differs is a warning: records are kept for another time, or large ones are refused.
LOSES = {"cleanup.policy"}


def look(cluster: Cluster) -> Iterator[Check]:
    """What is wrong with the topics, or that nothing is."""
    wrong = [*missing(cluster), *partitions(cluster), *configs(cluster)]
    if not wrong:
        count, share = len(cluster.settings.topics.all()), cluster.settings.partitions
        yield Check(
            ABOUT, "ok", f"{count} topics, {share} partitions where they must agree, configured as they should be"
        )
    yield from wrong


def existing(cluster: Cluster) -> list[Topic]:
    return [one for one in cluster.settings.topics.all() if one.name in cluster.metadata.topics]


def counts(cluster: Cluster) -> dict[str, int]:
    """Partitions of each of our topics that exists."""
    return {one.name: len(cluster.metadata.topics[one.name].partitions) for one in existing(cluster)}


def missing(cluster: Cluster) -> Iterator[Check]:
    there = {one.name for one in existing(cluster)}
    names = [one.name for one in cluster.settings.topics.all() if one.name not in there]
    if names:
        found = f"{len(names)} topics are missing, or this user may not see them: {listed(names)}"
        yield Check(ABOUT, "failed", found, APPLY)


def partitions(cluster: Cluster) -> Iterator[Check]:
    """Topics with another number of partitions: fatal where state stands beside a log, else only worth knowing."""
    actual, fatal = counts(cluster), set(partition_counts.partitioned_topics(cluster.settings))
    for message in partition_counts.mismatches(cluster.settings, actual):
        yield Check(ABOUT, "failed", message, partition_counts.HINT)
    for topic in existing(cluster):
        if topic.name not in fatal and actual[topic.name] != topic.partitions:
            found = f"{topic.name} has {actual[topic.name]} partitions, should have {topic.partitions}"
            yield sole(found) if topic.partitions == 1 else Check(ABOUT, "warning", found, HARMLESS)


def sole(found: str) -> Check:
    """Of a topic whose records have one order."""
    return Check(
        ABOUT, "failed", found, "its records would have no order: delete it while all is stopped, then " + APPLY
    )


def configs(cluster: Cluster) -> Iterator[Check]:
    told = topics.describe_configs(cluster.client, existing(cluster))
    for topic in existing(cluster):
        for name, value, wanted in topics.config_differences(topic, told[topic.name]):
            verdict: Verdict = "failed" if name in LOSES else "warning"
            found = f"{topic.name}: {name} is {value or 'not set'}, should be {wanted}"
            yield Check(ABOUT, verdict, found, alter(topic.name, name, wanted))


def alter(topic: str, name: str, wanted: str) -> str:
    return f"kafka-configs.sh --alter --entity-type topics --entity-name {topic} --add-config {name}={wanted}"
