"""On a terminal: whether the proof may be believed, what became of conversations, and which policy is in force."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from agents.common.formatting import (
    UNKNOWN,
    counted,
    duration,
    interval,
    new_table,
    number,
    percent,
    print_facts,
    print_heading,
    significant,
    with_tenant,
)

Row = dict[str, Any]
Rows = Sequence[Row]

ARMS = ("holdout", "control only", "intervened")


def randomisation(found: Row, console: Console) -> None:
    chances = [one for one in found["propensities"] if one["version"] == "all"]
    if not chances:
        return
    print_heading("May it be believed?", console)
    told = [(with_tenant(one, "chances on record"), chances_told(one)) for one in chances]
    print_facts(
        told + [(with_tenant(one, "control share"), share_told(one)) for one in found["control_share"]], console
    )
    odd = [one["version"] for one in found["propensities"] if one["verdict"] != "sound" and one["version"] != "all"]
    if odd:
        console.print(f"Not sound under {counted(len(odd), 'policy version')}, such as {escape(odd[0])}.")


def chances_told(one: Row) -> str:
    weights = UNKNOWN if one["worst_z"] is None else f"{one['worst_option']} {one['worst_z']:+.1f} sd"
    return (
        f"{one['verdict']}: {one['contradictions']:,} of {one['decisions']:,} contradict themselves, "
        f"worst weight {weights}, lottery p {significant(one['lottery_p'])}"
    )


def share_told(one: Row) -> str:
    return (
        f"{one['verdict']}: {one['controls']:,} of {one['decisions']:,} left alone, {one['expected']:.1f} expected; "
        f"Bayes factor {significant(one['bayes_factor'])}"
    )


def recovery(found: Rows, console: Console) -> None:
    if not found:
        return
    print_heading("Time to recovery (by lot only between holdout and the others)", console)
    table = new_table(("conversations once raised",), ("raised", "recovered", "median of these", "half of all after"))
    for one in sorted(found, key=lambda one: (one["tenant"], ARMS.index(one["arm"]))):
        told = (f"{one['raised']:,}", f"{one['recovered']:,} ({percent(one['share_recovered'])})")
        times = (duration(one["median_s"]), duration(one["half_after_s"]))
        table.add_row(escape(with_tenant(one, one["arm"])), *told, *times)
    console.print(table)


def holdout(found: Rows, console: Console) -> None:
    held = [one for one in found if one["holdout_conversations"]]
    if not held:
        return
    print_heading("Customers never stepped in for, beside all others (95 %, for a single look)", console)
    table = new_table(("measure",), ("holdout", "others", "others minus holdout"))
    for one in held:
        means = (number(one["holdout_mean"], 3), number(one["other_mean"], 3))
        table.add_row(escape(with_tenant(one, one["measure"])), *means, difference(one))
    console.print(table)


def difference(one: Row) -> str:
    if one["difference"] is None:
        return f"{one['verdict']} ({one['holdout_customers']:,} customers held out)"
    return interval(one["difference"], one["low"], one["high"])


def calibration(found: Rows, console: Console) -> None:
    if not found:
        return
    print_heading("Does a probability of .7 mean seven of ten? (marks by people)", console)
    table = new_table(("probability",), ("marks", "mean", "frustrated (95 %)"))
    for one in found:
        name = escape(with_tenant(one, f"{one['bin_from']:.1f} to {one['bin_to']:.1f}"))
        share = f"{number(one['share_frustrated'], 2)} ({number(one['low'], 2)} to {number(one['high'], 2)})"
        table.add_row(name, f"{one['marks']:,}", number(one["mean_p"], 2), share)
    console.print(table)


def policy(found: Rows, console: Console) -> None:
    if not found:
        return
    print_heading("Policy", console)
    print_facts([(with_tenant(one, one["policy_version"]), policy_told(one)) for one in found], console)


def policy_told(one: Row) -> str:
    disabled = f"; rolled back: {', '.join(one['disabled'])}" if one["disabled"] else ""
    return f"learned from {one['matured']:,} outcomes; {len(one['options']):,} options with control{disabled}"
