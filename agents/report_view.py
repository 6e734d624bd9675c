"""The report on a terminal, for people: readable at 100 columns, and when there is little or nothing yet."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.effects import ENOUGH

Report = dict[str, Any]

UNKNOWN = "–"


def render(found: Report, console: Console) -> None:
    """Print a report."""
    traffic(found["traffic"], console)
    if found["detection"] is not None:
        detection(found["detection"], console)
    if found["traffic"]["points"]:
        decisions(found["decisions"], console)
    interventions(found["interventions"], found["note"], console)
    alerts(found["alerts"], console)
    dead_letters(found["dead_letters"], console)
    digests(found["digests"], console)


def traffic(found: Report, console: Console) -> None:
    if not found["points"]:
        console.print("Nothing has arrived yet: no trajectory points. Are the worker and the sink running?")
        return
    console.print(
        f"[bold]{found['conversations']:,}[/] conversations, {found['customer_turns']:,} customer turns, "
        f"{found['points']:,} trajectory points; the frustration signal rose in {found['raised_conversations']:,}."
    )


def detection(found: Report, console: Console) -> None:
    heading("Detection, against the labels", console)
    if not found["turns"]:
        console.print("None of the labelled turns has arrived.")
        return
    delay = found["delay_turns"]
    facts(
        [
            ("labelled conversations", f"{found['conversations']:,}, {found['without_points']:,} without points"),
            ("truly frustrated", f"{found['frustrated']:,}: {found['hits']:,} raised, {found['misses']:,} missed"),
            ("quiet", f"{found['quiet']:,}: {found['false_alarms']:,} raised, {per_thousand(found)}"),
            ("turns until raised", f"median {number(delay['median'], 1)}, mean {number(delay['mean'], 1)}"),
            ("AUC of the level, by turn", f"{number(found['auc'], 3)} over {found['turns']:,} turns"),
        ],
        console,
    )


def per_thousand(found: Report) -> str:
    return f"{number(found['false_alarms_per_1000_quiet'], 1)} per 1,000"


def decisions(found: Report, console: Console) -> None:
    heading("Decisions", console)
    console.print(
        f"{found['decision_points']:,} decision points, {found['available']:,} with an intervention possible; "
        f"{found['reroutes']:,} reroutes, {found['escalations']:,} escalations."
    )


def interventions(found: Sequence[Report], note: str | None, console: Console) -> None:
    if not found:
        return
    heading("What followed each option (reward: fall of the level, positive is better)", console)
    table = new_table(("option",), ("matured", "failed", "mean reward", "minus control (95 %)"))
    for one in found:
        reward = f"{number(one['mean_reward'], 3)} ± {number(one['standard_error'], 3)}"
        matured = f"{one['matured']:,}/{one['decisions']:,}"
        against = against_control(one["against_control"])
        table.add_row(escape(one["option"]), matured, f"{one['failures']:,}", reward, against)
    console.print(table)
    if note:
        console.print(note, style="dim")


def against_control(found: Report | None) -> str:
    if found is None:
        return ""
    if found["difference"] is None:
        return f"{found['why_not']} (<{ENOUGH})"
    return f"{found['difference']:+.3f} ({found['low']:+.3f} to {found['high']:+.3f})"


def alerts(found: dict[str, int], console: Console) -> None:
    if found:
        heading("Alerts", console)
        facts([(rule, f"{count:,}") for rule, count in found.items()], console)


def dead_letters(found: Sequence[Report], console: Console) -> None:
    if not found:
        console.print("\nNo dead letters.")
        return
    heading("Dead letters", console)
    table = new_table(("topic", "reason"), ("events",))
    for one in found:
        table.add_row(escape(one["topic"]), escape(one["reason"]), f"{one['count']:,}")
    console.print(table)


def digests(found: dict[str, str], console: Console) -> None:
    heading("Digests (equal runs have equal ones)", console)
    facts([(table.replace("_", " "), value) for table, value in found.items()], console)


def heading(text: str, console: Console) -> None:
    console.print(f"\n[bold]{text}[/]")


def facts(rows: Iterable[tuple[str, str]], console: Console) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in rows:
        table.add_row(escape(name), escape(value))
    console.print(table)


def new_table(texts: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in texts:
        table.add_column(name, overflow="fold", min_width=21)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def number(value: float | None, digits: int) -> str:
    return UNKNOWN if value is None else f"{value:.{digits}f}"
