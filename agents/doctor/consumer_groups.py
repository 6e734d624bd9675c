"""Running processes by consumer group; of some only one may run."""

from collections.abc import Iterator
from typing import Any

from confluent_kafka import KafkaException

from agents.doctor.broker import Cluster
from agents.doctor.check import Check, join_names

SUBJECT = "processes"
TIMEOUT_S = 5.0


def check_consumer_groups(cluster: Cluster) -> Iterator[Check]:
    """Which processes run, and whether there is more than one learner or alert delivery."""
    if cluster.settings.embedded:
        yield Check(SUBJECT, "ok", "The embedded broker does not report running processes")
        return
    topics = cluster.settings.topics
    groups = {"worker": topics.worker_group, "sink": topics.sink_group}
    single = {"learner": topics.learner_group, "alerts": topics.alerts_group}
    hosts = {role: group_hosts(cluster, group) for role, group in (groups | single).items()}
    for role in single:
        if len(hosts[role]) > 1:
            where = join_names(sorted(set(hosts[role])))
            finding = f"{len(hosts[role])} tenor {role} processes are running, on {where}; only one may"
            yield Check(SUBJECT, "failed", finding, "The second one stops by itself; make sure it is not restarted")
    running = ", ".join(f"{len(members)} {role}" for role, members in hosts.items() if members)
    yield Check(SUBJECT, "ok", f"Running: {running}" if running else "None is running")


def group_hosts(cluster: Cluster, group: str) -> list[str]:
    """Hosts of a group's members; none for a group that does not exist yet, or that the user may not describe."""
    try:
        answer: Any = cluster.client.describe_consumer_groups([group], request_timeout=TIMEOUT_S)[group].result()
    except KafkaException:
        return []
    return [member.host.lstrip("/") for member in answer.members]
