"""Runs the checks that a role needs; those that wait for different servers run in parallel."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from agents.doctor import (
    artifacts,
    broker,
    clickhouse,
    clocks,
    consumer_groups,
    replication,
    schema_registry,
    state_format,
    topics,
)
from agents.doctor import settings as settings_check
from agents.doctor.check import Check, run_check
from agents.settings.model import Settings

BROKER_TIMEOUT_S = 5.0

ON_KAFKA: dict[str, Callable[[broker.Cluster], Iterator[Check]]] = {
    topics.SUBJECT: topics.check_topics,
    replication.SUBJECT: replication.check_replication,
    clocks.SUBJECT: clocks.check_topic_clocks,
    state_format.SUBJECT: state_format.check_state_format,
    artifacts.MODEL: artifacts.check_learned_text_model,
    consumer_groups.SUBJECT: consumer_groups.check_consumer_groups,
}
BUS = {broker.SUBJECT, topics.SUBJECT, replication.SUBJECT, clocks.SUBJECT, schema_registry.SUBJECT}
# What each role needs, and which ClickHouse grants.
NEEDS: dict[str, set[str]] = {
    "worker": BUS | {state_format.SUBJECT, artifacts.MODEL, artifacts.PROTOCOLS},
    "learner": BUS | {artifacts.MODEL, artifacts.PROTOCOLS, consumer_groups.SUBJECT},
    "sink": BUS | {clickhouse.SUBJECT},
    "alerts": BUS | {artifacts.ROUTES, consumer_groups.SUBJECT},
    "workload": BUS,
    "console": BUS | {clickhouse.SUBJECT},
    "report": {clickhouse.SUBJECT, clocks.SUBJECT},
    "migrate": {clickhouse.SUBJECT},
}
GRANTS = {"sink": ["sink"], "console": ["reader"], "report": ["reader"], "migrate": ["migrate"]}
EVERYTHING = {name for needed in NEEDS.values() for name in needed}


def run_doctor(role: str | None = None, timeout_s: float = BROKER_TIMEOUT_S) -> list[Check]:
    """Check what a role needs. Takes seconds, even when servers do not answer.

    Args:
        role: None checks everything.
        timeout_s: how long to wait for the broker, seconds.
    """
    settings, checks = settings_check.check_settings()
    if settings is None:
        return [*checks, Check("the rest", "warning", "Not checked, because the settings are invalid")]
    needed = EVERYTHING if role is None else NEEDS[role]
    groups = [
        partial(check_artifacts, settings, needed),
        partial(check_kafka, settings, needed, timeout_s),
        partial(check_registry, settings, needed),
        partial(check_clickhouse, settings, needed, role),
    ]
    with ThreadPoolExecutor(len(groups)) as pool:
        for group_checks in pool.map(lambda group: list(group()), groups):
            checks += group_checks
    return checks


def check_artifacts(settings: Settings, needed: set[str]) -> Iterator[Check]:
    checks = {
        artifacts.PROTOCOLS: artifacts.check_protocols,
        artifacts.ROUTES: artifacts.check_routes,
        artifacts.MODEL: artifacts.check_text_model,
    }
    for subject, check in checks.items():
        if subject in needed:
            yield from run_check(subject, partial(check, settings))


def check_kafka(settings: Settings, needed: set[str], timeout_s: float) -> Iterator[Check]:
    if broker.SUBJECT not in needed:
        return
    cluster, checks = broker.connect_broker(settings, timeout_s)
    yield from checks
    wanted = [subject for subject in ON_KAFKA if subject in needed]
    if cluster is None:
        yield Check(broker.SUBJECT, "warning", f"Not checked without the broker: {', '.join(wanted)}")
        return
    for subject in wanted:
        yield from run_check(subject, partial(ON_KAFKA[subject], cluster))


def check_registry(settings: Settings, needed: set[str]) -> Iterator[Check]:
    if schema_registry.SUBJECT in needed:
        yield from run_check(schema_registry.SUBJECT, partial(schema_registry.check_schema_registry, settings))


def check_clickhouse(settings: Settings, needed: set[str], role: str | None) -> Iterator[Check]:
    if clickhouse.SUBJECT in needed:
        roles = None if role is None else GRANTS[role]
        tables_exist = role != "migrate"  # it creates them
        yield from run_check(clickhouse.SUBJECT, partial(clickhouse.check_clickhouse, settings, roles, tables_exist))
