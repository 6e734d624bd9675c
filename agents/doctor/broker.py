"""The broker: does it answer, does it let us in, are there enough of it."""

from typing import Any, NamedTuple

from confluent_kafka.admin import AdminClient

from agents.common.errors import Failure
from agents.doctor.check import Check, of_failure
from agents.kafka import client as kafka
from agents.kafka import security
from agents.settings.model import Settings

ABOUT = "broker"


class Cluster(NamedTuple):
    """A broker that has answered, and what it said."""

    settings: Settings
    client: AdminClient
    metadata: Any


def look(settings: Settings, patience_s: float) -> tuple[Cluster | None, list[Check]]:
    """The cluster, None where it cannot be reached within ``patience_s`` seconds."""
    try:
        client = AdminClient(kafka.client_config(settings))
        cluster = Cluster(settings, client, kafka.metadata(client, settings, patience_s))
    except Failure as failure:
        return None, [of_failure(ABOUT, failure)]
    return cluster, [*enough(settings, len(cluster.metadata.brokers))]


def enough(settings: Settings, brokers: int) -> list[Check]:
    if brokers < settings.replication:
        found = f"TENOR_REPLICATION is {settings.replication}, but there are {brokers} brokers"
        return [Check(ABOUT, "failed", found, "start the others, or set TENOR_REPLICATION before topics are created")]
    many = "1 broker answers" if brokers == 1 else f"{brokers} brokers answer"
    how = "the embedded one" if settings.embedded else security.describe(settings)
    return [Check(ABOUT, "ok", f"{many} at {settings.brokers}, {how}")]
