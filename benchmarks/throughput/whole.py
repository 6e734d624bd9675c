"""The whole path: input topics, ingest, fold, outputs, sink, ClickHouse; by Tenor and by Faust an event at a time.

The stack is the embedded one, as ``tenor up`` starts it. Time runs from before the first event is published until all
is committed: by the workers what they read, by the sink what the fold published. What publishes the events takes its
part of the machine; brokers, ClickHouse and the learner too, but only workers and sink are counted as CPU time.
"""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from agents.clickhouse.client import connect
from agents.embedded.process import ChildProcess
from agents.embedded.stack import Stack, running
from agents.kafka import client
from agents.settings.model import Settings
from agents.sink.sink import source_topics
from benchmarks.throughput import broker, contenders, resources, workload
from benchmarks.throughput.measure import Rate
from benchmarks.throughput.per_event import CODEC
from benchmarks.throughput.workload import Recorded
from schemas.records import record
from schemas.topics import INGESTED, Name

POLL_S = 0.1
PATIENCE_S = 300.0
WARM_UP = 3_000
OWN_TOPICS = (Name.SIGNALS, Name.CUSTOMERS, Name.DECISIONS, Name.OUTCOMES)


class Case(NamedTuple):
    """One run of the whole path.

    Attributes:
        app: tenor or faust.
        workers: processes that ingest and fold.
        kinds: of events, as in workload.
        events: to publish, warm-up included.
    """

    app: str
    workers: int
    kinds: tuple[str, ...]
    events: int


class Lag:
    """How many records of some topics a group has not committed yet, by their present ends."""

    def __init__(self, settings: Settings, group: str, topics: Sequence[str]) -> None:
        self._settings, self._group = settings, group
        self._positions = client.partitions_of(settings, [settings.topics.name(topic) for topic in topics])

    def __call__(self) -> int:
        done = client.committed_offsets(self._settings, self._group, self._positions)
        ends = client.end_offsets(self._settings, self._positions)
        return sum(max(end - done[position], 0) for position, end in ends.items())


def run(case: Case, directory: Path) -> Rate:
    """Publish the events to a fresh stack, and wait until rows of all of them are in ClickHouse."""
    records = workload.inputs(case.events, case.kinds)
    base = Settings(_env_file=None)  # type: ignore[call-arg]
    with running(base, directory, case.workers if case.app == "tenor" else 0, lambda _: None) as stack:
        processes = [one.child for one in stack.processes if one.name != "learner"]
        others = [] if case.app == "tenor" else faust_workers(case.workers, stack)
        try:
            rate = timed(stack, [*processes, *others], lags(case, stack.settings), records)
        finally:
            for child in others:
                child.stop(5)
        check_rows(stack.settings, records)
        return rate


def timed(stack: Stack, children: Sequence[ChildProcess], behind: Sequence[Lag], records: Sequence[Recorded]) -> Rate:
    """The warm-up, and then all else against the clock."""
    settle(stack.settings, records[:WARM_UP], behind, children)
    pids = [child.pid for child in children]
    before, started = resources.used(*pids), time.monotonic()
    settle(stack.settings, records[WARM_UP:], behind, children)
    after, ended = resources.used(*pids), time.monotonic()
    return Rate(len(records) - WARM_UP, ended - started, after.cpu_s - before.cpu_s, after.rss)


def settle(
    settings: Settings, records: Sequence[Recorded], behind: Sequence[Lag], children: Sequence[ChildProcess]
) -> None:
    """Publish, and return when every group is at the end of all it reads. TimeoutError when that never comes."""
    broker.publish(settings, records, Counter())
    deadline = time.monotonic() + PATIENCE_S
    while any(lag() for lag in behind):
        dead = [child for child in children if not child.alive]
        if dead or time.monotonic() > deadline:
            raise TimeoutError("\n".join(["the events did not come through", *(one.log_tail() for one in dead)]))
        time.sleep(POLL_S)


def lags(case: Case, settings: Settings) -> list[Lag]:
    """What must be zero, stage by stage."""
    group = settings.topics.worker_group if case.app == "tenor" else contenders.CONTENDERS["faust"].group
    own = OWN_TOPICS if case.app == "tenor" else (Name.SIGNALS,)
    stages = [Lag(settings, group, INGESTED), *(Lag(settings, group, [topic]) for topic in own)]
    return [*stages, Lag(settings, settings.topics.sink_group, list(source_topics(settings.topics).values()))]


def faust_workers(count: int, stack: Stack) -> list[ChildProcess]:
    """Per-event Faust in place of Tenor's workers."""
    contender, settings = contenders.CONTENDERS["faust"], stack.settings
    contenders.declare(settings, str(contender.changelog))
    argv = contenders.module("faust_app", "whole", settings.brokers, contender.group, str(settings.partitions))
    return [
        ChildProcess.start(
            f"faust-{i}",
            argv,
            stack.directory,
            stack.directory / "logs" / f"faust-{i}.log",
            {"PYTHONPATH": str(contenders.ROOT)},
        )
        for i in range(1, count + 1)
    ]


def check_rows(settings: Settings, records: Sequence[Recorded]) -> None:
    """Every customer turn has its row, once: AssertionError otherwise."""
    found = connect(settings).execute("SELECT count() FROM trajectory_points FINAL")[0][0]
    assert found == turns(records), f"{found} trajectory points of {turns(records)} customer turns"


def turns(records: Sequence[Recorded]) -> int:
    """Messages that a customer wrote."""
    said = (CODEC.decode(record("message"), one.value, {}) for one in records if one.topic == Name.MESSAGES)
    return sum(message["participant_role"] == "customer" for message in said)
