"""A case: steady load, faults, load again until what was on the bus has come through, rest, exact checks."""

import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.kafka.admin.lag import wait_for_pipeline
from agents.settings.model import Settings
from streams.config.model import PolicyConfig
from tests.faults.checks import CheckResults, check_all
from tests.faults.cluster import Cluster
from tests.faults.field import Field, field
from tests.faults.load import steady
from tests.faults.recording import MESSAGES, Event, Recording

PREFIXES = (f"faults{number}." for number in count(1))
HOURS_MS = 3_600_000
SETTLED_S = 400.0
ATTEMPTS = 4  # who was frozen between a tick and what it calls for goes on from there
CALM_S = 3.0
SUNK_S = 10.0
NO_SNAPSHOTS = PolicyConfig(snapshot_s=1e6, snapshot_outcomes=1_000_000)

Inject = Callable[[Field], None]


@dataclass(frozen=True)
class Case:
    """What is done to the field.

    Attributes:
        name: in the table.
        group: number in the list of the promise, 1 to 9.
        inject: the faults, while the load goes on.
        smoke: whether it is part of the short run.
        rate: events a second.
        crew: processes at the start.
        kinds: of events; of messages alone the run is held against one without faults.
        settings: that differ from the field's.
        recording: events, given the time of the first; None for the usual ones.
        compare: whether a run of messages alone is held against one without faults. Not where a tick matters: without
            faults they stand elsewhere, and what comes later than they allow for finds its window closed, or open.
        small_disk: whether ClickHouse has a small disk of its own.
        floor_lost: whether the faults take what is remembered of conversations that have ended.
        after: done once the load has stopped, before all must have come through.
    """

    name: str
    group: int
    inject: Inject
    smoke: bool = False
    rate: float = 150.0
    crew: tuple[str, ...] = ("worker-1", "worker-2", "sink", "learner")
    kinds: tuple[str, ...] = MESSAGES
    settings: tuple[tuple[str, Any], ...] = ()
    recording: Callable[[int], Iterable[Event]] | None = None
    compare: bool = True
    small_disk: bool = False
    floor_lost: bool = False
    after: Inject | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table. Times in seconds; the revision is of the code that was broken."""

    case: str
    group: int
    faults: str
    events: int
    refused: int
    lost: int
    duplicated: int
    repeats: int
    recovered_s: float
    exact: bool
    notes: str
    revision: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Stopwatch:
    """How long the parts of a case took."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._parts: list[str] = []

    def __call__(self, part: str) -> None:
        now = time.monotonic()
        self._parts.append(f"{part} {now - self._at:.0f} s")
        self._at = now

    def __str__(self) -> str:
        return ", ".join(self._parts)


CASES: dict[str, Case] = {}


def case(name: str, group: int, **how: Any) -> Callable[[Inject], Inject]:
    """Register a function as the faults of a case."""

    def register(inject: Inject) -> Inject:
        CASES[name] = Case(name, group, inject, **how)
        return inject

    return register


def play_case(fault_case: Case, cluster: Cluster, short: bool = False) -> Row:
    """Play a case on a field of its own; the cluster is whole again afterwards. A short run injects fewer faults."""
    with tempfile.TemporaryDirectory(prefix="tenor-faults-") as directory:
        try:
            with field(settings_of(fault_case), Path(directory), cluster, fault_case.small_disk, short) as ground:
                try:
                    return run_case(fault_case, ground)
                except BaseException:
                    print(ground.logs())
                    raise
        finally:
            cluster.mend()


def run_case(fault_case: Case, ground: Field) -> Row:
    told = Stopwatch()
    ground.man(*fault_case.crew)
    told("ready")
    events = fault_case.recording(start()) if fault_case.recording else Recording(start(), fault_case.kinds)
    with steady(ground.settings, events, fault_case.rate) as load:
        ground.load = load
        time.sleep(CALM_S)
        fault_case.inject(ground)
        told("injected")
        recovered_s = ground.seconds_to_pass()
    if fault_case.after:
        fault_case.after(ground)
        recovered_s = ground.seconds_to_pass()
    told("passed")
    checks = at_rest(ground, fault_case)
    told("checked")
    print(f"{fault_case.name}: {told}")
    return row(fault_case, ground, recovered_s, checks)


def at_rest(ground: Field, fault_case: Case) -> CheckResults:
    """What the checks find once everything has come through and nobody moves: time would go on while we look."""
    for _ in range(ATTEMPTS):
        wait_for_pipeline(ground.settings, SETTLED_S, lambda stage, lag: None)
        with ground.frozen("worker", "learner"):
            # The sink still has what they published last. If they were in the middle, the checks see it.
            with suppress(Failure):
                wait_for_pipeline(ground.settings, SUNK_S, lambda stage, lag: None)
            checks = check_all(
                ground.settings, fault_case.compare and fault_case.kinds == MESSAGES, fault_case.floor_lost
            )
        if checks.exact:
            break
    return checks


def row(fault_case: Case, ground: Field, recovered_s: float, checks: CheckResults) -> Row:
    faults = ", ".join(f"{count}x {what}" if count > 1 else what for what, count in ground.faults.items())
    learned = [f"{checks.snapshots} policy snapshots"] if checks.snapshots else []
    notes = [*ground.notes, *learned, *checks.wrong]
    return Row(
        case=fault_case.name,
        group=fault_case.group,
        faults=faults or "none",
        events=checks.events,
        refused=checks.refused,
        lost=checks.lost,
        duplicated=checks.duplicated,
        repeats=checks.repeats,
        recovered_s=round(recovered_s, 1),
        exact=checks.exact,
        notes="; ".join(notes),
    )


def start() -> int:
    """Event time of a recording's first event: some hours ago, so that it may run faster than the clock."""
    return now_ms() - 12 * HOURS_MS


def settings_of(fault_case: Case) -> Settings:
    known: dict[str, Any] = {"topic_prefix": next(PREFIXES), "partitions": 4, "tick_s": 5.0, "poll_records": 200}
    if fault_case.kinds == MESSAGES:
        known["policy"] = NO_SNAPSHOTS  # when a snapshot counts is a matter of the moment: no two runs agree
    return Settings(_env_file=None, **known | dict(fault_case.settings))  # type: ignore[arg-type]
