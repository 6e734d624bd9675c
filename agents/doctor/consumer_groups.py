"""Processes of which there may be one: how many are there?"""

from collections.abc import Iterator
from typing import Any

from confluent_kafka import KafkaException

from agents.doctor.broker import Cluster
from agents.doctor.check import Check, listed

ABOUT = "processes"
TIMEOUT_S = 5.0


def look(cluster: Cluster) -> Iterator[Check]:
    """Who is running, by consumer group; two learners or two deliveries of alerts are one too many."""
    if cluster.settings.embedded:
        yield Check(ABOUT, "ok", "the embedded broker does not tell which are running")
        return
    topics = cluster.settings.topics
    groups = {"worker": topics.worker_group, "sink": topics.sink_group}
    sole = {"learner": topics.learner_group, "alerts": topics.alerts_group}
    found = {role: members(cluster, group) for role, group in (groups | sole).items()}
    for role in sole:
        if len(found[role]) > 1:
            where = listed(sorted(set(found[role])))
            what = f"{len(found[role])} of tenor {role} run, on {where}, and only one may"
            yield Check(ABOUT, "failed", what, "the second ends by itself; see that it is not started again")
    running = ", ".join(f"{len(hosts)} {role}" for role, hosts in found.items() if hosts)
    yield Check(ABOUT, "ok", f"running: {running}" if running else "none is running")


def members(cluster: Cluster, group: str) -> list[str]:
    """Hosts of a group's members; none for a group that is not known yet, or that we may not see."""
    try:
        answer: Any = cluster.client.describe_consumer_groups([group], request_timeout=TIMEOUT_S)[group].result()
    except KafkaException:
        return []
    return [member.host.lstrip("/") for member in answer.members]
