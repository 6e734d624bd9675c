"""Prints the checks of the report: data quality, time to recovery, holdout, calibration, and the policy in use."""

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


def print_data_quality(quality: Row, console: Console) -> None:
    chances = [row for row in quality["propensities"] if row["version"] == "all"]
    if not chances:
        return
    print_heading("Data quality", console)
    facts_shown = [(with_tenant(row, "logged propensities"), format_propensities(row)) for row in chances]
    print_facts(
        facts_shown
        + [(with_tenant(row, "control share"), format_control_share(row)) for row in quality["control_share"]],
        console,
    )
    unsound = [
        row["version"] for row in quality["propensities"] if row["verdict"] != "sound" and row["version"] != "all"
    ]
    if unsound:
        console.print(f"Not sound for {counted(len(unsound), 'policy version')}, such as {escape(unsound[0])}.")


def format_propensities(row: Row) -> str:
    weights = UNKNOWN if row["worst_z"] is None else f"{row['worst_option']} {row['worst_z']:+.1f} sd"
    return (
        f"{row['verdict']}: {row['contradictions']:,} of {row['decisions']:,} are inconsistent, "
        f"worst weight {weights}, lottery p {significant(row['lottery_p'])}"
    )


def format_control_share(row: Row) -> str:
    return (
        f"{row['verdict']}: {row['controls']:,} of {row['decisions']:,} are control, {row['expected']:.1f} expected; "
        f"Bayes factor {significant(row['bayes_factor'])}"
    )


def print_recovery(rows: Rows, console: Console) -> None:
    if not rows:
        return
    print_heading("Time to recovery (only holdout against the others is randomised)", console)
    table = new_table(("raised conversations",), ("raised", "recovered", "median if recovered", "half of all after"))
    for row in sorted(rows, key=lambda row: (row["tenant"], ARMS.index(row["arm"]))):
        counts = (f"{row['raised']:,}", f"{row['recovered']:,} ({percent(row['share_recovered'])})")
        times = (duration(row["median_s"]), duration(row["half_after_s"]))
        table.add_row(escape(with_tenant(row, row["arm"])), *counts, *times)
    console.print(table)


def print_holdout(rows: Rows, console: Console) -> None:
    held_out = [row for row in rows if row["holdout_conversations"]]
    if not held_out:
        return
    print_heading("Holdout customers against all others (95 %, for a single look)", console)
    table = new_table(("measure",), ("holdout", "others", "others minus holdout"))
    for row in held_out:
        means = (number(row["holdout_mean"], 3), number(row["other_mean"], 3))
        table.add_row(escape(with_tenant(row, row["measure"])), *means, format_difference(row))
    console.print(table)


def format_difference(row: Row) -> str:
    if row["difference"] is None:
        return f"{row['verdict']} ({row['holdout_customers']:,} customers held out)"
    return interval(row["difference"], row["low"], row["high"])


def print_calibration(rows: Rows, console: Console) -> None:
    if not rows:
        return
    print_heading("Calibration (predicted probabilities against labels by people)", console)
    table = new_table(("probability",), ("labels", "mean", "frustrated (95 %)"))
    for row in rows:
        name = escape(with_tenant(row, f"{row['bin_from']:.1f} to {row['bin_to']:.1f}"))
        share = f"{number(row['share_frustrated'], 2)} ({number(row['low'], 2)} to {number(row['high'], 2)})"
        table.add_row(name, f"{row['marks']:,}", number(row["mean_p"], 2), share)
    console.print(table)


def print_policy(rows: Rows, console: Console) -> None:
    if not rows:
        return
    print_heading("Policy", console)
    print_facts([(with_tenant(row, row["policy_version"]), format_policy(row)) for row in rows], console)


def format_policy(row: Row) -> str:
    disabled = f"; rolled back: {', '.join(row['disabled'])}" if row["disabled"] else ""
    return f"learned from {row['matured']:,} outcomes; {len(row['options']):,} options with control{disabled}"
