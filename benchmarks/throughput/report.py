"""What was measured, as a table, as JSON and as a picture; beside the ratios that were asked for."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.pictures import FAINT, OURS, STYLE, plt
from benchmarks.throughput.contenders import CONTENDERS
from benchmarks.throughput.fold import Folded
from benchmarks.throughput.measure import Rate

#: Tenor's events per CPU second divided by the contender's: what to reach, and what would be better still.
FOLD_TARGETS = {"faust": (15.0, 25.0), "quix": (1.5, 2.0), "bare": (0.5, 0.7)}
WHOLE_TARGETS = {"events per second of the mix": (15_000.0, 30_000.0), "times per-event Faust": (3.0, None)}
MEGABYTE = 1_000_000

Whole = Mapping[str, Rate]


def shown(console: Console, folds: Mapping[str, Folded], whole: Whole) -> None:
    """Print everything."""
    console.print(fold_table(folds))
    if whole:
        console.print(whole_table(whole))
    console.print(target_table(ratios(folds, whole)))


def fold_table(folds: Mapping[str, Folded]) -> Table:
    table = columns("Fold of keystroke bursts", "contender", *RATE, "state, B", "changelog, B/event")
    for name, one in folds.items():
        kept = ["none"] * 2 if one.state_bytes is None else [f"{one.state_bytes:.0f}", f"{one.changelog_bytes:.0f}"]
        table.add_row(CONTENDERS[name].title, *rate_cells(one.rate), *kept)
    return table


def whole_table(whole: Whole) -> Table:
    table = columns("Whole path, to rows in ClickHouse", "application, workers, events", *RATE)
    for name, rate in whole.items():
        table.add_row(name, *rate_cells(rate))
    return table


RATE = ("events", "seconds", "events/s", "events/CPU s", "largest RSS, MB")


def rate_cells(rate: Rate) -> list[str]:
    return [
        f"{rate.events:,}",
        f"{rate.wall_s:.1f}",
        f"{rate.per_second:,.0f}",
        f"{rate.per_cpu_second:,.0f}",
        f"{rate.rss / MEGABYTE:.0f}",
    ]


def columns(title: str, first: str, *others: str) -> Table:
    table = Table(first, title=title)
    for name in others:
        table.add_column(name, justify="right")
    return table


def target_table(found: list[dict[str, Any]]) -> Table:
    table = columns("Targets", "what", "measured", "reach", "stretch", "reached")
    for one in found:
        stretch = "" if one["stretch"] is None else f"{one['stretch']:,g}"
        cells = (f"{one['measured']:,.2f}", f"{one['reach']:,g}", stretch, "yes" if one["reached"] else "no")
        table.add_row(one["what"], *cells)
    return table


def ratios(folds: Mapping[str, Folded], whole: Whole) -> list[dict[str, Any]]:
    """Every target whose parts were measured."""
    found = []
    if "tenor" in folds:
        ours = folds["tenor"].rate.per_cpu_second
        for name, aims in FOLD_TARGETS.items():
            if name in folds:
                what = f"fold, per CPU second, against: {CONTENDERS[name].title}"
                found.append(target(what, ours / folds[name].rate.per_cpu_second, *aims))
    ours, theirs = fastest(whole, "Tenor"), fastest(whole, "Faust")
    if ours:
        found.append(target("whole path, mix, events/s", ours, *WHOLE_TARGETS["events per second of the mix"]))
    if ours and theirs:
        found.append(target("whole path, mix, against Faust", ours / theirs, *WHOLE_TARGETS["times per-event Faust"]))
    return found


def fastest(whole: Whole, app: str) -> float | None:
    """Events per second of the mix, by the better number of workers; None where none was measured."""
    rates = [rate.per_second for name, rate in whole.items() if name.startswith(app) and name.endswith("mix")]
    return max(rates, default=None)


def target(what: str, measured: float, reach: float, stretch: float | None) -> dict[str, Any]:
    return {"what": what, "measured": measured, "reach": reach, "stretch": stretch, "reached": measured >= reach}


def as_json(folds: Mapping[str, Folded], whole: Whole, setting: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "setting": dict(setting),
        "fold": {
            name: {
                **rate_numbers(one.rate),
                "conversations": one.conversations,
                "state_bytes": one.state_bytes,
                "changelog_bytes_per_event": one.changelog_bytes,
            }
            for name, one in folds.items()
        },
        "whole_path": {name: rate_numbers(rate) for name, rate in whole.items()},
        "targets": ratios(folds, whole),
    }


def rate_numbers(rate: Rate) -> dict[str, float]:
    return {
        **rate._asdict(),
        "events_per_second": round(rate.per_second, 1),
        "events_per_cpu_second": round(rate.per_cpu_second, 1),
    }


def written(folder: Path, found: Mapping[str, Any]) -> None:
    """Write throughput.json and throughput.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "throughput.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    drawn(folder / "throughput.svg", found)


def drawn(path: Path, found: Mapping[str, Any]) -> None:
    """Bars; the same numbers give the same bytes."""
    parts = [
        (
            "fold, events per CPU second",
            "events_per_cpu_second",
            {CONTENDERS[n].title: r for n, r in found["fold"].items()},
        ),
        ("whole path, events per second", "events_per_second", found["whole_path"]),
    ]
    parts = [part for part in parts if part[2]]
    heights = [len(rows) for _, _, rows in parts]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            len(parts), figsize=(7.2, 0.8 * len(parts) + 0.32 * sum(heights)), height_ratios=heights, squeeze=False
        )
        for axis, (title, number, rows) in zip(axes[:, 0], parts, strict=True):
            bars(axis, title, {name: row[number] for name, row in rows.items()})
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)


def bars(axis: Any, title: str, rates: Mapping[str, float]) -> None:
    names = list(rates)
    drawn = axis.barh(names, list(rates.values()), color=[OURS if "Tenor" in name else FAINT for name in names])
    axis.bar_label(drawn, [f"{rate:,.0f}" for rate in rates.values()], padding=4)
    axis.margins(x=0.15)
    axis.set_title(title, loc="left", fontsize=10)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
    axis.invert_yaxis()
