"""What typing tells of affect: rhythm against the person's own, beside how the person says they feel.

    python benchmarks/typing_affect.py keyboard_affect.csv.gz

The file is that of Freihaut and Göritz (2022), github.com/Freihaut/Freihaut_Goeritz-2022: 52 persons, 2,377 typing
tasks, each with valence and arousal. GPL-3.0: measured on, never shipped. For each feature and person: the chance
that a task below the person's median valence (or above their median arousal) has the higher deviation from the
baseline learned from the tasks before, as ``streams.signals.typing`` deviates. 0.5 is chance.
"""

import csv
import gzip
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from math import isfinite, sqrt
from pathlib import Path
from statistics import fmean, median, stdev

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from agents.training.detection import auc
from streams.signals.baselines import measure_deviation, update_baseline
from streams.signals.typing import FEATURES, WEIGHTS
from streams.state import Baseline

LEAST_TASKS = 8
Task = dict[str, float]
READ: dict[str, Callable[[dict[str, str]], float]] = {
    "typing.dwell_ms": lambda row: float(row["dwelltime_median"]),
    "typing.flight_ms": lambda row: float(row["down_down_median"]),
    "typing.speed": lambda row: float(row["tot_ev"]) / float(row["type_time"]),
    "typing.backspace_rate": lambda row: float(row["corr_ev"]) / float(row["tot_ev"]),
}
AFFECTS = {"low valence": ("valence", -1.0), "high arousal": ("arousal", 1.0)}


def persons(path: Path) -> list[list[Task]]:
    """Each person's tasks in order of time."""
    grouped: dict[str, list[Task]] = defaultdict(list)
    with gzip.open(path, "rt") as lines:
        for row in csv.DictReader(lines):
            grouped[row["ID"]].append(task(row))
    return [sorted(tasks, key=lambda one: one["time"]) for tasks in grouped.values()]


def task(row: dict[str, str]) -> Task:
    said = {name: number(row, lambda one, name=name: float(one[name])) for name in ("time", "valence", "arousal")}
    return said | {name: number(row, read) for name, read in READ.items()}


def number(row: dict[str, str], read: Callable[[dict[str, str]], float]) -> float:
    try:
        return read(row)
    except (ValueError, ZeroDivisionError):
        return float("nan")


def leaning(tasks: Sequence[Task]) -> Iterator[tuple[Task, dict[str, float]]]:
    """Each task with its deviations towards frustration, by feature, and their weighted sum."""
    baselines: dict[str, Baseline] = {}
    for one in tasks:
        found: dict[str, float] = {}
        for name in READ:
            weight, least_sd = WEIGHTS[name]
            if not isfinite(one[name]):
                continue
            z = measure_deviation(baselines.get(name), one[name], least_sd)
            if z is not None:
                found[name] = weight * z
            baselines[name] = update_baseline(baselines.get(name), one[name])
        if found:
            yield one, found | {"all": sum(found.values())}


def of_person(tasks: Sequence[Task], feature: str, affect: str, sign: float) -> float | None:
    """The chance for one person; None with too few tasks."""
    seen = [(sign * one[affect], found[feature]) for one, found in leaning(tasks) if feature in found]
    seen = [(felt, deviates) for felt, deviates in seen if isfinite(felt)]
    if len(seen) < LEAST_TASKS:
        return None
    middle = median(felt for felt, _ in seen)
    return auc([(deviates, felt > middle) for felt, deviates in seen])


def main(path: Path) -> None:
    table = Table("feature", "affect", "AUC", "standard error", "persons", title="Typing against the own baseline")
    everyone = persons(path)
    for feature in (*(name for name in FEATURES if name in READ), "all"):
        for told, (affect, sign) in AFFECTS.items():
            chances = [of_person(tasks, feature, affect, sign) for tasks in everyone]
            found = [one for one in chances if one is not None]
            spread = stdev(found) / sqrt(len(found))
            table.add_row(feature, told, f"{fmean(found):.3f}", f"{spread:.3f}", str(len(found)))
    Console().print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
