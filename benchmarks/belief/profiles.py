"""What it buys to remember a customer: turns until frustration is noticed, with and without profiles.

    python -m benchmarks.belief.profiles [customers] [seed]

Simulated customers come eight times each. The same log is folded without and with profiles; an answer stands right
behind the signal that opened the conversation. Counted are visits 4 to 8: customers with three or more earlier
conversations. Unless a row says otherwise, its threshold is set to 20 false alarms per 1,000 quiet conversations of
its own, so that rows of a pair differ in delay only. A conversation in which nothing is noticed counts as noticed
after its last turn.
No broker, no clock: the same arguments print the same table.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from random import Random
from statistics import fmean
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from agents.recordings.model import Line, Truth
from agents.simulator import scenario
from agents.simulator.personas import Person
from agents.simulator.scenario import Scenario
from agents.simulator.weeks import draw_customer, simulate_weeks
from schemas.topics import RECORD_OF, Name
from streams.config.model import BeliefConfig, Config, ProfileConfig
from streams.conversations.partition import Partition
from streams.customers.partition import CustomerPartition
from streams.outputs import Output
from streams.signals.extraction import Signal, extract_signal, tick_signal

CUSTOMERS, SEED, VISITS, KNOWN_FROM = 600, 1, 8, 4
FALSE_ALARMS = 0.02
CROSS_FROM = 0.3  # people.style: one in twenty always sounds cross, whatever the mood
TICK_MS = 600_000
FOREVER = 1e9

DIFFERING_SD = 0.12
COLUMNS = ("customers", "profiles", "quiet", "frustrated", "noticed", "delay, turns", "threshold", "false per 1,000")

Alarms = dict[str, list[float]]
Truths = dict[str, list[Truth]]


class Row(NamedTuple):
    """One column of the table: share noticed, mean delay in turns, threshold, false alarms per 1,000."""

    noticed: float
    delay: float
    threshold: float
    false_alarms: float


def config(**profile: Any) -> Config:
    """The defaults, but for a threshold nothing reaches: it is chosen afterwards, and nobody steps in."""
    return Config(belief=BeliefConfig(threshold=FOREVER, ceiling=2 * FOREVER), profile=ProfileConfig(**profile))


def read(lines: Iterable[Line]) -> tuple[list[Signal], Truths]:
    """Signals as ingest writes them, and what is true."""
    signals, offsets = [], Counter()
    truths: Truths = defaultdict(list)
    for line in lines:
        if isinstance(line, Truth):
            truths[line.conversation_id].append(line)
        elif line.topic != Name.RATINGS:
            signals.append(
                extract_signal(RECORD_OF[Name(line.topic)], line.event, (line.topic, 0, offsets[line.topic]))
            )
            offsets[line.topic] += 1
    return signals, truths


class Run:
    """Folds a log with its profiles; keeps the alarm after every customer turn."""

    def __init__(self, config: Config) -> None:
        self._partition = Partition(config, {}.get, {})
        self._customers = CustomerPartition(config.profile, {})
        self._notes = 0
        self.alarms: Alarms = defaultdict(list)

    def fold(self, signals: Iterable[Signal]) -> Alarms:
        ticked = 0
        for signal in signals:
            if signal["event_time"] - ticked > TICK_MS:
                ticked = signal["event_time"]
                self._take(self._partition.fold(tick_signal(ticked)))
            self._take(self._partition.fold(signal))
        return self.alarms

    def _take(self, outputs: Iterable[Output]) -> None:
        for output in outputs:
            if output.record == "trajectory_point":
                self.alarms[output.datum["conversation_id"]].append(output.datum["alarm"])
            elif output.record == "customer_note":
                answer = self._customers.fold(output.datum, (Name.CUSTOMERS, 0, self._notes))
                self._notes += 1
                self._take(self._partition.fold(answer) if answer else [])


def judge(alarms: Alarms, truths: Truths, threshold: float | None = None) -> Row:
    """Delay at the threshold that gives 20 false alarms per 1,000 quiet conversations, or at a given one."""
    frustrated = {name: turns for name, turns in truths.items() if any(turn.frustrated for turn in turns)}
    highest = sorted((max(alarms[name]) for name in truths.keys() - frustrated), reverse=True)
    if threshold is None:
        threshold = highest[int(FALSE_ALARMS * len(highest))]
    noticed, delays = 0, []
    for name, turns in frustrated.items():
        onset = next(i for i, turn in enumerate(turns) if turn.frustrated)
        raised = next((i for i, alarm in enumerate(alarms[name]) if alarm > threshold), None)
        noticed += raised is not None
        delays.append((len(turns) if raised is None else raised) - onset)
    false = sum(high > threshold for high in highest) / max(len(highest), 1) * 1000
    return Row(noticed / len(frustrated), fmean(delays), threshold, false)


def known(name: str) -> bool:
    return int(name[-2:]) >= KNOWN_FROM


def always_cross(seed: int) -> Callable[[str], bool]:
    return lambda name: draw_customer(seed, int(name.split("-")[2])).style.blunt > CROSS_FROM


def lasting(rng: Any) -> Scenario:
    """A customer whose problem is never solved: angry every time."""
    return Scenario("high", tuple(round(value, 3) for value in scenario.high(rng, rng.randint(*scenario.TURNS))))


def differing(seed: int) -> Callable[[int], Person]:
    """Customers who differ in tone more than the simulator's do, without the few who always sound cross."""

    def who(number: int) -> Person:
        person, tone = draw_customer(seed, number), Random(f"{seed} tone {number}").gauss(0.0, DIFFERING_SD)
        return person._replace(style=person.style._replace(blunt=tone))

    return who


class Benchmark:
    """Fills the table, a pair of rows for each group of customers."""

    def __init__(self, customers: int, seed: int) -> None:
        self._customers, self._seed = customers, seed
        self.table = Table(*COLUMNS, title=f"{customers} customers, {VISITS} conversations each, seed {seed}", box=None)

    def run(self) -> None:
        shipped = BeliefConfig().threshold
        lines = simulate_weeks(self._seed, self._customers, VISITS)
        cross = always_cross(self._seed)
        signals, truths = read(lines)
        thresholds = self._pair("all", signals, wanted(truths, known))
        self._pair("all, at the threshold Tenor ships", signals, wanted(truths, known), [shipped] * 2)
        calm = wanted(truths, lambda name: known(name) and not cross(name))
        self._pair("but for the 1 in 20 who always sound cross", signals, calm)
        self._pair("first conversations: nothing is known", signals, wanted(truths, lambda name: name.endswith("-01")))
        signals, truths = read(simulate_weeks(self._seed, self._customers, VISITS, who=differing(self._seed)))
        self._pair(f"people who differ in tone by {DIFFERING_SD} (sd)", signals, wanted(truths, known))
        signals, truths = read(simulate_weeks(self._seed, self._customers // 4, VISITS, draw=lasting))
        self._pair("angry in every conversation, thresholds of all", signals, wanted(truths, known), thresholds)

    def _pair(
        self, group: str, signals: list[Signal], truths: Truths, thresholds: Sequence[float | None] = (None, None)
    ) -> list[float]:
        frustrated = sum(any(turn.frustrated for turn in turns) for turns in truths.values())
        used = []
        for remember, threshold in zip((False, True), thresholds, strict=True):
            row = judge(Run(config(remember=remember)).fold(signals), truths, threshold)
            cells = f"{row.noticed:.0%}", f"{row.delay:.2f}", f"{row.threshold:.2f}", f"{row.false_alarms:.1f}"
            counts = str(len(truths) - frustrated), str(frustrated)
            self.table.add_row(group, "with" if remember else "without", *counts, *cells)
            used.append(row.threshold)
        return used


def wanted(truths: Truths, want: Callable[[str], bool]) -> Truths:
    return {name: turns for name, turns in truths.items() if want(name)}


def main() -> None:
    customers, seed = (int(given) for given in (*sys.argv[1:], *(CUSTOMERS, SEED)[len(sys.argv) - 1 :]))
    benchmark = Benchmark(customers, seed)
    benchmark.run()
    Console(width=150).print(benchmark.table)


if __name__ == "__main__":
    main()
