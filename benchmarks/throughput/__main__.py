"""Throughput, in one run on one machine.

    python -m benchmarks.throughput [--repeats 3] [--records 300000] [--only bare,tenor,faust,quix] [--kafka]

Every round has a fresh broker, on which every contender folds the same recorded topic, one after the other; then the
whole path, each case on a fresh embedded stack. Medians of the rounds. Numbers of one run are to be compared with each
other, not with those of another machine. Linux only: CPU time is read from /proc.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.throughput import broker, fold, report, whole, workload
from benchmarks.throughput.contenders import CONTENDERS, ROOT
from benchmarks.throughput.fold import Folded
from benchmarks.throughput.measure import Rate
from benchmarks.throughput.whole import Case

DOCS = ROOT / "docs" / "benchmarks"
KINDS = {"bursts": workload.BURSTS, "mix": workload.MIX}
APPS = {"tenor": "Tenor", "faust": "Faust per event"}

console = Console(width=130)  # the table's, also where there is no terminal


def main(
    repeats: Annotated[int, typer.Option(help="Rounds; medians are reported.")] = 3,
    records: Annotated[int, typer.Option(help="Signals to fold.")] = 300_000,
    events: Annotated[int, typer.Option(help="Events of the whole path; per-event Faust gets a sixth.")] = 123_000,
    only: Annotated[str, typer.Option(help="Contenders of the fold.")] = ",".join(CONTENDERS),
    kafka: Annotated[bool, typer.Option(help="Fold on Apache Kafka, not on the embedded broker.")] = False,
    skip_whole: Annotated[bool, typer.Option(help="Leave the whole path out.")] = False,
    out: Annotated[Path, typer.Option(help="Where throughput.json and throughput.svg go.")] = DOCS,
) -> None:
    cases = {} if skip_whole else whole_cases(events)
    names = [name for name in CONTENDERS if name in only.split(",")]
    recorded = workload.signals(records)
    rounds = [one_round(number, names, recorded, cases, kafka) for number in range(1, repeats + 1)]
    folds = fold.medians(folded for folded, _ in rounds)
    rates = {name: middle([measured[name] for _, measured in rounds]) for name in cases}
    report.shown(console, folds, rates)
    setting = {
        "broker": "Apache Kafka" if kafka else "Tansu, in memory",
        "conversations": workload.CONVERSATIONS,
        "records": records,
        "rounds": repeats,
        "warm_up": fold.WARM_UP,
    }
    report.written(out, report.as_json(folds, rates, setting))


def one_round(
    number: int, names: Sequence[str], recorded: Sequence[workload.Recorded], cases: Mapping[str, Case], kafka: bool
) -> tuple[dict[str, Folded], dict[str, Rate]]:
    """Everything once."""
    with tempfile.TemporaryDirectory(prefix="tenor-throughput-", ignore_cleanup_errors=True) as kept:
        folds, directory = {}, Path(kept)
        with broker.apache() if kafka else broker.embedded(directory) as settings:
            ends = broker.record(settings, recorded)
            for name in names:
                folds[name] = fold.one(CONTENDERS[name], settings, ends, directory / name)
                said(number, CONTENDERS[name].title, folds[name].rate)
        rates = {}
        for name, case in cases.items():
            rates[name] = whole.run(case, directory / name.replace(" ", "-"))
            said(number, name, rates[name])
        return folds, rates


def whole_cases(events: int) -> dict[str, Case]:
    """Both applications, one worker and two, both workloads."""
    return {
        f"{APPS[app]}, {workers} worker{'s' * (workers > 1)}, {kind}": Case(
            app, workers, kinds, events if app == "tenor" else whole.WARM_UP + events // 6
        )
        for kind, kinds in KINDS.items()
        for app in APPS
        for workers in (1, 2)
    }


def middle(rates: Sequence[Rate]) -> Rate:
    return sorted(rates, key=lambda rate: rate.per_second)[len(rates) // 2]


def said(number: int, what: str, rate: Rate) -> None:
    rates = f"{rate.per_second:,.0f} events/s, {rate.per_cpu_second:,.0f} events/CPU s"
    console.print(f"round {number}: {what}: {rates}", highlight=False)


if __name__ == "__main__":
    typer.run(main)
