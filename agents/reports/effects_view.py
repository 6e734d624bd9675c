"""The proof on a terminal: what followed each option, what other policies are worth, and the answer."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from agents.common.formatting import UNKNOWN, counted, interval, new_table, number, percent, print_heading, with_tenant
from agents.reports.effects import INSUFFICIENT
from streams.experiment.effects import SHOWN_AFTER

Row = dict[str, Any]
Rows = Sequence[Row]


def interventions(found: Rows, console: Console) -> None:
    if not found:
        return
    print_heading("What followed each option (reward: fall of the level, positive is better)", console)
    table = new_table(("option",), ("seen", "failed", "mean reward", "minus control (95 %)"))
    for one in found:
        reward = f"{number(one['mean_reward'], 3)} ± {number(one['standard_error'], 3)}"
        seen = f"{one['matured'] + one['overlapped']:,}/{one['decisions']:,}"
        against = against_control(one["against_control"])
        table.add_row(escape(with_tenant(one, one["option"])), seen, f"{one['failures']:,}", reward, against)
    console.print(table)
    console.print(unseen(found), style="dim")


def against_control(found: Row | None) -> str:
    if found is None:
        return ""
    if found["mean"] is None:
        return f"{found['verdict']} ({found['n']:,}/{SHOWN_AFTER})"
    return interval(found["mean"], found["low"], found["high"])


def unseen(found: Rows) -> str:
    """How much could not be seen, on either side: where shares differ, so may what is missing."""
    sides = [[one for one in found if (one["against_control"] is None) is control] for control in (False, True)]
    shares = []
    for side in sides:
        censored = sum(one["censored"] for one in side)
        closed = censored + sum(one["matured"] + one["overlapped"] for one in side)
        shares.append(percent(censored / closed) if closed else UNKNOWN)
    return f"Not seen: {shares[0]} of what followed interventions, {shares[1]} of what followed control."


def values(found: Rows, console: Console) -> None:
    told = [one for one in found if one["verdict"] != INSUFFICIENT]
    if not told:
        return
    print_heading("What another policy would have earned a decision (95 %, for a single look)", console)
    table = new_table(("policy",), ("decisions", "ESS", "reward, doubly robust"))
    for one in told:
        name = escape(with_tenant(one, one["candidate"]))
        table.add_row(name, f"{one['n']:,}", f"{one['ess']:,.0f}", estimate(one))
    console.print(table)


def estimate(one: Row) -> str:
    return str(one["verdict"]) if one["dr"] is None else interval(one["dr"], one["dr_low"], one["dr_high"])


def did_it_help(found: Rows, note: str | None, console: Console) -> None:
    print_heading("Did it help?", console)
    if not found:
        console.print("Insufficient data: nothing was decided. No option is rolled back.")
    for one in found:
        console.print(escape(with_tenant(one, one["answer"])))
        console.print(f"{control(one)} {escape(one['rollback'])}")
    if note:
        console.print(note, style="dim")


def control(one: Row) -> str:
    """How large the control is."""
    return (
        f"Control: {counted(one['controls'], 'decision')} in {counted(one['control_conversations'], 'conversation')}, "
        f"left alone by lot, beside {counted(one['treated'], 'intervention')}."
    )
