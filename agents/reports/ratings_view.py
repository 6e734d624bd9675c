"""Prints the ratings of replies: agreement of the raters, and ratings of intervention and control."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from agents.common.formatting import UNKNOWN, new_table, number, print_heading

Report = dict[str, Any]


def print_ratings(report: Report, console: Console) -> None:
    """Print the ratings; nothing without any."""
    rated = {name: row for name, row in report["agreement"].items() if row["units"]}
    if not report["replies"] and not rated:
        return
    if rated:
        print_agreement(rated, console)
    print_arms([row for row in report["by_arm"] if row["ratings"] or row["ratings_control"]], console)
    if report["unknown_decisions"]:
        console.print(f"{report['unknown_decisions']:,} rated decisions are not in ClickHouse and were left out.")
    if report["replies"]:
        console.print(report["note"], style="dim")


def print_agreement(agreement: Mapping[str, Report], console: Console) -> None:
    print_heading("Agreement of the raters (Krippendorff's alpha: 1 perfect, 0 chance, rely on .667 or more)", console)
    table = new_table(("question",), ("rated twice or more", "raters", "alpha (95 %)"))
    for name, row in agreement.items():
        table.add_row(to_words(name), f"{row['units']:,}", f"{row['raters']:,}", format_alpha(row))
    console.print(table)


def format_alpha(row: Report) -> str:
    if row["alpha"] is None:
        return str(row["why_not"])
    return f"{row['alpha']:.2f} ({number(row['low'], 2)} to {number(row['high'], 2)})"


def print_arms(rows: Sequence[Report], console: Console) -> None:
    if not rows:
        return
    print_heading("Ratings of replies (1 to 5; felt understood: share of yes), by conversation", console)
    table = new_table(("question",), ("intervention", "control", "minus control (95 %)"))
    for row in rows:
        name = f"{to_words(row['question'])}, {'blinded' if row['blinded'] else 'not blinded'}"
        table.add_row(name, format_mean(row, ""), format_mean(row, "_control"), format_difference(row))
    console.print(table)


def format_mean(row: Report, suffix: str) -> str:
    mean = row[f"mean{suffix}"]
    return UNKNOWN if mean is None else f"{mean:.2f} of {row[f'ratings{suffix}']:,}"


def format_difference(row: Report) -> str:
    if row["difference"] is None:
        return str(row["why_not"])
    return f"{row['difference']:+.2f} ({row['low']:+.2f} to {row['high']:+.2f})"


def to_words(name: str) -> str:
    return name.replace("_", " ")
