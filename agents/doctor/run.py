"""The examination: every group that a role needs, those that wait for others side by side."""

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
from agents.doctor import settings as variables
from agents.doctor.check import Check, looked
from agents.settings.model import Settings

PATIENCE_S = 5.0

ON_KAFKA: dict[str, Callable[[broker.Cluster], Iterator[Check]]] = {
    topics.ABOUT: topics.look,
    replication.ABOUT: replication.look,
    clocks.ABOUT: clocks.of_topics,
    state_format.ABOUT: state_format.look,
    artifacts.MODEL: artifacts.learned_text_model,
    consumer_groups.ABOUT: consumer_groups.look,
}
BUS = {broker.ABOUT, topics.ABOUT, replication.ABOUT, clocks.ABOUT, schema_registry.ABOUT}
# What each role needs, and of ClickHouse which grants.
NEEDS: dict[str, set[str]] = {
    "worker": BUS | {state_format.ABOUT, artifacts.MODEL, artifacts.PROTOCOLS},
    "learner": BUS | {artifacts.MODEL, artifacts.PROTOCOLS, consumer_groups.ABOUT},
    "sink": BUS | {clickhouse.ABOUT},
    "alerts": BUS | {artifacts.ROUTES, consumer_groups.ABOUT},
    "workload": BUS,
    "console": BUS | {clickhouse.ABOUT},
    "report": {clickhouse.ABOUT, clocks.ABOUT},
    "migrate": {clickhouse.ABOUT},
}
GRANTS = {"sink": ["sink"], "console": ["reader"], "report": ["reader"], "migrate": ["migrate"]}
EVERYTHING = {name for needed in NEEDS.values() for name in needed}


def examine(role: str | None = None, patience_s: float = PATIENCE_S) -> list[Check]:
    """Look at what a role needs, None for all of it. Takes seconds, whatever does not answer.

    Args:
        patience_s: how long the broker may take to answer, seconds.
    """
    settings, found = variables.look()
    if settings is None:
        return [*found, Check("the rest", "warning", "was not looked at: the settings cannot be read")]
    needed = EVERYTHING if role is None else NEEDS[role]
    chains = [
        partial(on_files, settings, needed),
        partial(on_kafka, settings, needed, patience_s),
        partial(on_registry, settings, needed),
        partial(on_clickhouse, settings, needed, role),
    ]
    with ThreadPoolExecutor(len(chains)) as pool:
        for checks in pool.map(lambda chain: list(chain()), chains):
            found += checks
    return found


def on_files(settings: Settings, needed: set[str]) -> Iterator[Check]:
    looks = {
        artifacts.PROTOCOLS: artifacts.protocols,
        artifacts.ROUTES: artifacts.routes,
        artifacts.MODEL: artifacts.text_model,
    }
    for about, look in looks.items():
        if about in needed:
            yield from looked(about, partial(look, settings))


def on_kafka(settings: Settings, needed: set[str], patience_s: float) -> Iterator[Check]:
    if broker.ABOUT not in needed:
        return
    cluster, found = broker.look(settings, patience_s)
    yield from found
    wanted = [about for about in ON_KAFKA if about in needed]
    if cluster is None:
        yield Check(broker.ABOUT, "warning", f"not looked at without it: {', '.join(wanted)}")
        return
    for about in wanted:
        yield from looked(about, partial(ON_KAFKA[about], cluster))


def on_registry(settings: Settings, needed: set[str]) -> Iterator[Check]:
    if schema_registry.ABOUT in needed:
        yield from looked(schema_registry.ABOUT, partial(schema_registry.look, settings))


def on_clickhouse(settings: Settings, needed: set[str], role: str | None) -> Iterator[Check]:
    if clickhouse.ABOUT in needed:
        roles = None if role is None else GRANTS[role]
        made = role != "migrate"  # which makes the tables
        yield from looked(clickhouse.ABOUT, partial(clickhouse.look, settings, roles, made))
