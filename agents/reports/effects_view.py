"""Prints the effects in the report: what followed each option, the value of other policies, and the answer."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from agents.common.formatting import UNKNOWN, counted, interval, new_table, number, percent, print_heading, with_tenant
from agents.reports.effects import INSUFFICIENT
from streams.experiment.effects import SHOWN_AFTER

Row = dict[str, Any]
Rows = Sequence[Row]


def print_interventions(rows: Rows, console: Console) -> None:
    if not rows:
        return
    print_heading("What followed each option (reward: fall of the frustration level, positive is better)", console)
    table = new_table(("option",), ("seen", "failed", "mean reward", "minus control (95 %)"))
    for row in rows:
        reward = f"{number(row['mean_reward'], 3)} ± {number(row['standard_error'], 3)}"
        seen = f"{row['matured'] + row['overlapped']:,}/{row['decisions']:,}"
        against = format_difference(row["against_control"])
        table.add_row(escape(with_tenant(row, row["option"])), seen, f"{row['failures']:,}", reward, against)
    console.print(table)
    console.print(format_censoring(rows), style="dim")


def format_difference(row: Row | None) -> str:
    if row is None:
        return ""
    if row["mean"] is None:
        return f"{row['verdict']} ({row['n']:,}/{SHOWN_AFTER})"
    return interval(row["mean"], row["low"], row["high"])


def format_censoring(rows: Rows) -> str:
    """Shares of censored outcomes of interventions and control: if they differ, the comparison may be biased."""
    sides = [[row for row in rows if (row["against_control"] is None) is control] for control in (False, True)]
    shares = []
    for side in sides:
        censored = sum(row["censored"] for row in side)
        closed = censored + sum(row["matured"] + row["overlapped"] for row in side)
        shares.append(percent(censored / closed) if closed else UNKNOWN)
    return f"Censored outcomes: {shares[0]} of interventions, {shares[1]} of control."


def print_policy_values(rows: Rows, console: Console) -> None:
    shown = [row for row in rows if row["verdict"] != INSUFFICIENT]
    if not shown:
        return
    print_heading("Estimated mean reward of other policies (95 %, for a single look)", console)
    table = new_table(("policy",), ("decisions", "ESS", "reward, doubly robust"))
    for row in shown:
        name = escape(with_tenant(row, row["candidate"]))
        table.add_row(name, f"{row['n']:,}", f"{row['ess']:,.0f}", format_estimate(row))
    console.print(table)


def format_estimate(row: Row) -> str:
    return str(row["verdict"]) if row["dr"] is None else interval(row["dr"], row["dr_low"], row["dr_high"])


def print_answer(rows: Rows, note: str | None, console: Console) -> None:
    print_heading("Did it help?", console)
    if not rows:
        console.print("Insufficient data: no decision was made. No option is rolled back.")
    for row in rows:
        console.print(escape(with_tenant(row, row["answer"])))
        console.print(f"{format_control(row)} {escape(row['rollback'])}")
    if note:
        console.print(note, style="dim")


def format_control(row: Row) -> str:
    """The size of control and intervention groups."""
    return (
        f"Control: {counted(row['controls'], 'decision')} in {counted(row['control_conversations'], 'conversation')}, "
        f"assigned by lottery, against {counted(row['treated'], 'intervention')}."
    )
