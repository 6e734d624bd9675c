"""What the domain costs: the stages of reading and folding one event of each kind, and the bytes a conversation keeps.

    python benchmarks/fold.py [repeats] [--against OTHER_TREE]

One process, one core, no broker. CPU time, the least over the repeats, of 2,000 events in 50 conversations. Against
another checkout, both are measured by turns, each in processes of its own.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, os.environ.get("TREE", sys.path[0]))  # what is measured; the samples are from here

from benchmarks.samples import KINDS, START, Make
from schemas.codec import Codec
from schemas.records import record
from schemas.validation import Limits, check
from streams import state as states
from streams.config.model import Config
from streams.conversations import lifecycle
from streams.conversations.partition import FLOOR, Partition
from streams.outputs import Output
from streams.signals.extraction import Signal, extract_signal, tick_signal

EVENTS, REPEATS = 2_000, 7
CONFIG, CODEC, LIMITS, SIGNAL = Config(), Codec(), Limits(), record("signal")
READ = ("decode", "validate", "extract", "encode")
FOLD = ("decode signal", "fold", "encode outputs")
STATE = ("read state", "write state")

Costs = dict[str, float]


def microseconds(work: Callable[[], object], events: int) -> float:
    """CPU time of one event when ``work`` does so many."""
    started = time.process_time()
    work()
    return (time.process_time() - started) / events * 1e6


def fold_run(signals: Iterable[Signal]) -> tuple[Partition, list[Output]]:
    """Fold as a worker does, all of it in one run."""
    partition, outputs = Partition(CONFIG, {}.get, {}), []
    for signal in signals:
        outputs += partition.fold(signal)
    return partition, outputs


def stages(kind: str, make: Make, repeats: int) -> Costs:
    """Microseconds of each stage an event of this kind goes through; of the state, each time it is read or written."""
    schema = record(kind)
    events = [make(i) for i in range(EVENTS)]
    values = [CODEC.encode(schema, event) for event in events]
    signals = [extract_signal(kind, event, (kind, 0, i), START) for i, event in enumerate(events)]
    encoded = [CODEC.encode(SIGNAL, signal) for signal in signals]
    partition, outputs = fold_run(signals)
    written = [(record(output.record), output.datum) for output in outputs]
    live = [value for key, value in partition.changes() if key != FLOOR and value is not None] * 20
    kept = [(states.decode(value), states.deadline_of(value)) for value in live]
    work: dict[str, tuple[Callable[[], object], int]] = {
        "decode": (lambda: [CODEC.decode(schema, value, {}) for value in values], EVENTS),
        "validate": (lambda: [check(kind, event, START, LIMITS) for event in events], EVENTS),
        "extract": (lambda: [extract_signal(kind, event, (kind, 0, 0), START) for event in events], EVENTS),
        "encode": (lambda: [CODEC.encode(SIGNAL, signal) for signal in signals], EVENTS),
        "decode signal": (lambda: [CODEC.decode(SIGNAL, value, {}) for value in encoded], EVENTS),
        "fold": (lambda: fold_run(signals), EVENTS),
        "encode outputs": (lambda: [CODEC.encode(schema, datum) for schema, datum in written], EVENTS),
        "read state": (lambda: [states.decode(value) for value in live], len(live)),
        "write state": (lambda: [states.encode(state, due) for state, due in kept], len(live)),
    }
    costs = {name: min(microseconds(do, events) for _ in range(repeats)) for name, (do, events) in work.items()}
    return costs | {"state bytes": median(map(len, live))}


def mixed() -> list[Signal]:
    """A day as it is: of every kind, numbered as ingest does."""
    offsets = {kind: count() for kind in ("message", "keystrokes", "navigation", "prosody")}
    order = ["message, customer", "keystrokes", "navigation", "navigation", "keystrokes", "message, operator"]
    signals = []
    for i in range(EVENTS * 3):
        kind, make = KINDS[order[i // 50 % len(order)]]
        signals.append(extract_signal(kind, make(i), (f"conversation.{kind}", 0, next(offsets[kind]))))
    return signals


def mixture(repeats: int) -> Costs:
    """The fold of everything together, and a tick that closes nothing over a full partition."""
    signals = mixed()
    partition, _ = fold_run(signals)
    ticks = [tick_signal(START)] * EVENTS
    return {
        "fold": min(microseconds(lambda: fold_run(signals), len(signals)) for _ in range(repeats)),
        "tick": min(microseconds(lambda: [partition.fold(one) for one in ticks], EVENTS) for _ in range(repeats)),
        "state bytes": median(len(states.encode(*one)) for one in final(partition)),
    }


def final(partition: Partition) -> list[tuple[states.State, int]]:
    changes = [value for key, value in partition.changes() if key != FLOOR and value is not None]
    return [(state, lifecycle.deadline(state, CONFIG)) for state in map(states.decode, changes)]


def measured(repeats: int) -> dict[str, Costs]:
    return {name: stages(kind, make, repeats) for name, (kind, make) in KINDS.items()} | {"mixed": mixture(repeats)}


def in_process(tree: str) -> dict[str, Costs]:
    """What a checkout costs, measured once with the samples of this one."""
    command = [sys.executable, __file__, "2", "--json"]
    done = subprocess.run(command, env=os.environ | {"TREE": tree}, check=True, capture_output=True, text=True)
    found: dict[str, Costs] = json.loads(done.stdout)
    return found


def by_turns(trees: list[str], repeats: int) -> list[dict[str, Costs]]:
    """The least each checkout was seen to cost, measured one after the other, again and again."""
    rounds = [[in_process(tree) for tree in trees] for _ in range(repeats)]
    return [
        {kind: {stage: min(one[kind][stage] for one in runs) for stage in costs} for kind, costs in runs[0].items()}
        for runs in zip(*rounds, strict=True)
    ]


def table(title: str, columns: tuple[str, ...], totalled: bool, found: list[dict[str, Costs]]) -> Table:
    """One row a kind; where two checkouts were measured, the other's numbers stand before an arrow."""
    drawn = Table("µs", *columns, *(["together"] if totalled else []), title=title)
    for column in drawn.columns[1:]:
        column.justify = "right"
    for kind in KINDS:
        rows = [[one[kind][name] for name in columns] for one in found]
        numbers = [[*row, sum(row)] if totalled else row for row in rows]
        drawn.add_row(kind, *(" → ".join(f"{cost:.1f}" for cost in cell) for cell in zip(*numbers, strict=True)))
    return drawn


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("repeats", type=int, nargs="?", default=REPEATS)
    arguments.add_argument("--against", metavar="OTHER_TREE")
    arguments.add_argument("--json", action="store_true")
    asked = arguments.parse_args()
    if asked.json:
        print(json.dumps(measured(asked.repeats)))
        return
    here = str(Path(__file__).parent.parent)
    found = by_turns([asked.against, here], asked.repeats) if asked.against else [measured(asked.repeats)]
    console = Console()
    console.print(table("Reading an event at ingest", READ, True, found))
    console.print(table("Folding its signal", FOLD, True, found))
    console.print(table("A conversation's state, once a run", (*STATE, "state bytes"), False, found))
    for name, unit in (("fold", "µs an event, a mixed day"), ("tick", "µs, a tick that closes nothing")):
        console.print(" → ".join(f"{one['mixed'][name]:.2f}" for one in found), unit, highlight=False)


if __name__ == "__main__":
    main()
