"""The broker: whether it answers, accepts the login, and has enough nodes."""

from typing import Any, NamedTuple

from confluent_kafka.admin import AdminClient

from agents.common.errors import Failure
from agents.doctor.check import Check, from_failure
from agents.kafka import client as kafka
from agents.kafka import security
from agents.settings.model import Settings

SUBJECT = "broker"


class Cluster(NamedTuple):
    """A Kafka cluster that answered, with its metadata."""

    settings: Settings
    client: AdminClient
    metadata: Any


def connect_broker(settings: Settings, timeout_s: float) -> tuple[Cluster | None, list[Check]]:
    """The cluster, None where it cannot be reached within ``timeout_s`` seconds."""
    try:
        client = AdminClient(kafka.client_config(settings))
        cluster = Cluster(settings, client, kafka.metadata(client, settings, timeout_s))
    except Failure as failure:
        return None, [from_failure(SUBJECT, failure)]
    return cluster, [check_brokers(settings, len(cluster.metadata.brokers))]


def check_brokers(settings: Settings, brokers: int) -> Check:
    count = "1 broker" if brokers == 1 else f"{brokers} brokers"
    if brokers < settings.replication:
        finding = f"TENOR_REPLICATION is {settings.replication}, but the cluster has {count}"
        todo = "Start the missing brokers, or set TENOR_REPLICATION before you create topics"
        return Check(SUBJECT, "failed", finding, todo)
    connection = "embedded" if settings.embedded else security.describe(settings)
    return Check(SUBJECT, "ok", f"{count} at {settings.brokers}, {connection}")
