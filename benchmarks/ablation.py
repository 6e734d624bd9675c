"""What behaviour adds to the words: detection on simulated days with each signal on and off.

    python benchmarks/ablation.py [days]

The days of ``tenor simulate`` with seeds 1 to ``days``, folded offline. The simulator lets rhythm, pace and struggle
lean weakly on frustration, so this shows that they do no harm and how far they can reach, not what real ones are worth.
Behaviour moves the alarm alone, so the AUC, which judges the level, is the same in every row.
"""

import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from agents.detection import Point, detection
from agents.recorded import Event, Line, Truth
from agents.simulator.day import simulate
from schemas.topics import RECORD_OF, Name
from streams.config import Config, SignalConfig
from streams.extraction import Signal, signal_of
from streams.partition import Partition

BEHAVIOUR = ("typing", "navigation", "latency")
CASES = {"text": (), **{f"text, {name}": (name,) for name in BEHAVIOUR}, "all": BEHAVIOUR}
DAYS, CONVERSATIONS = 4, 400


def signals_of(lines: list[Line]) -> list[Signal]:
    """The signals of a day, as ingest numbers them."""
    offsets: Counter[str] = Counter()
    found = []
    for line in lines:
        if isinstance(line, Event) and line.topic != Name.RATINGS:
            source = (line.topic, 0, offsets[line.topic])
            found.append(signal_of(RECORD_OF[Name(line.topic)], line.event, source))
            offsets[line.topic] += 1
    return found


def points_of(signals: list[Signal], on: tuple[str, ...]) -> list[Point]:
    """The trajectory points with only these signals beside the words."""
    switches = {name: name in on for name in BEHAVIOUR}
    partition = Partition(replace(Config(), signals=SignalConfig(**switches)), {}.get, {})
    data = [one.datum for signal in signals for one in partition.fold(signal) if one.record == "trajectory_point"]
    return [Point(one["conversation_id"], one["turn"], one["event_time"], one["level"], one["raised"]) for one in data]


def main(days: int) -> None:
    names = ("AUC of a turn", "false alarms per 1,000 quiet", "hits", "mean delay, turns", "points raised otherwise")
    table = Table("signals", *names, title=f"Mean of {days} simulated days")
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in CASES}
    for seed in range(1, days + 1):
        lines = list(simulate(seed, CONVERSATIONS))
        signals, truths = signals_of(lines), [line for line in lines if isinstance(line, Truth)]
        words = points_of(signals, ())
        for name, on in CASES.items():
            points = points_of(signals, on)
            found = detection(points, truths)
            otherwise = sum(one.raised != other.raised for one, other in zip(points, words, strict=True)) / len(words)
            hits, delay = found["hits"] / found["frustrated"], found["delay_turns"]["mean"]
            rows[name].append((found["auc"], found["false_alarms_per_1000_quiet"], hits, delay, otherwise))
    for name, measured in rows.items():
        table.add_row(name, *(f"{fmean(column):.4f}" for column in zip(*measured, strict=True)))
    Console(width=140).print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DAYS)
