"""Topics: whether all exist, with the right number of partitions, retention and cleanup policy."""

from collections.abc import Iterator

from agents.doctor.broker import Cluster
from agents.doctor.check import Check, Verdict, join_names
from agents.kafka.admin import partition_counts, topics
from schemas.topics import Topic

SUBJECT = "topics"
APPLY = "Run: tenor topics apply"
HARMLESS = "No need to act: no state depends on it"
# Any other difference is a warning: records are kept for another time, or large ones are refused.
DATA_LOSS_CONFIGS = {"cleanup.policy"}


def check_topics(cluster: Cluster) -> Iterator[Check]:
    """Every problem with the topics, or that there is none."""
    problems = [*check_missing(cluster), *check_partitions(cluster), *check_configs(cluster)]
    if not problems:
        count, partitions = len(cluster.settings.topics.all()), cluster.settings.partitions
        finding = f"{count} topics with the right configuration, {partitions} partitions where they must agree"
        yield Check(SUBJECT, "ok", finding)
    yield from problems


def existing_topics(cluster: Cluster) -> list[Topic]:
    return [topic for topic in cluster.settings.topics.all() if topic.name in cluster.metadata.topics]


def count_partitions(cluster: Cluster) -> dict[str, int]:
    """Number of partitions of each of Tenor's topics that exists."""
    return {topic.name: len(cluster.metadata.topics[topic.name].partitions) for topic in existing_topics(cluster)}


def check_missing(cluster: Cluster) -> Iterator[Check]:
    existing = {topic.name for topic in existing_topics(cluster)}
    missing = [topic.name for topic in cluster.settings.topics.all() if topic.name not in existing]
    if missing:
        finding = f"{len(missing)} topics are missing, or this user may not see them: {join_names(missing)}"
        yield Check(SUBJECT, "failed", finding, APPLY)


def check_partitions(cluster: Cluster) -> Iterator[Check]:
    """Topics with another number of partitions: fatal where state belongs to a log, otherwise a warning."""
    actual, fatal = count_partitions(cluster), set(partition_counts.partitioned_topics(cluster.settings))
    for message in partition_counts.mismatches(cluster.settings, actual):
        yield Check(SUBJECT, "failed", message, partition_counts.HINT)
    for topic in existing_topics(cluster):
        if topic.name not in fatal and actual[topic.name] != topic.partitions:
            finding = f"{topic.name} has {actual[topic.name]} partitions, should have {topic.partitions}"
            single = topic.partitions == 1
            yield single_partition_failure(finding) if single else Check(SUBJECT, "warning", finding, HARMLESS)


def single_partition_failure(finding: str) -> Check:
    """For a topic whose records must be in one order."""
    todo = f"The order of its records is lost: stop all processes, delete the topic, and {APPLY[0].lower()}{APPLY[1:]}"
    return Check(SUBJECT, "failed", finding, todo)


def check_configs(cluster: Cluster) -> Iterator[Check]:
    configs = topics.describe_configs(cluster.client, existing_topics(cluster))
    for topic in existing_topics(cluster):
        for name, value, wanted in topics.config_differences(topic, configs[topic.name]):
            verdict: Verdict = "failed" if name in DATA_LOSS_CONFIGS else "warning"
            finding = f"{topic.name}: {name} is {value or 'not set'}, should be {wanted}"
            yield Check(SUBJECT, verdict, finding, alter_command(topic.name, name, wanted))


def alter_command(topic: str, name: str, wanted: str) -> str:
    return f"Run: kafka-configs.sh --alter --entity-type topics --entity-name {topic} --add-config {name}={wanted}"
