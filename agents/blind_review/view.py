"""Prints the report of a blind review."""

from typing import Any

from rich.console import Console

from agents.common.formatting import new_table, print_heading
from agents.reports.ratings_view import print_agreement, print_arms
from streams.experiment.rating_comparison import ENOUGH

Report = dict[str, Any]

ROWS = {
    "all": "all pairs",
    "longer": "where the intervention's reply was longer",
    "shorter": "where it was shorter",
    "at_equal_length": "at equal length, by regression",
}


def print_report(report: Report, console: Console) -> None:
    """Print the report."""
    if not report["pairs"]:
        console.print("No blind comparisons yet: import a filled sheet, and run the sink.")
        return
    console.print(
        f"{report['pairs']:,} pairs, {report['judgements']:,} judgements by {report['raters']:,} reviewers, "
        f"{report['neither']:,} of them neither (which counts half)."
    )
    print_preference(report, console)
    print_agreement({name: row for name, row in report["agreement"].items() if row["units"]}, console)
    print_arms([row for row in report["by_arm"] if row["ratings"] or row["ratings_control"]], console)


def print_preference(report: Report, console: Console) -> None:
    print_heading("How often the intervention's reply was preferred (50 %: no difference)", console)
    table = new_table(("",), ("pairs", "preferred (95 %)"))
    labels = ROWS if report["words"] else {"all": ROWS["all"]}
    for name, label in labels.items():
        row = report["preference"][name]
        table.add_row(label, f"{row['pairs']:,}", format_share(row))
    console.print(table)
    if report["words"] is None:
        console.print("Lengths are in the key: with --key, the preference is also shown by length.", style="dim")
    else:
        print_lengths(report, console)


def print_lengths(report: Report, console: Console) -> None:
    words, longer = report["words"], report["preference"]["longer_reply"]
    console.print(
        f"Replies had {words['intervention']:.0f} words under intervention and {words['control']:.0f} under control; "
        f"the longer of two was preferred: {format_share(longer)}.",
        style="dim",
    )


def format_share(estimate: Report) -> str:
    if estimate["share"] is None:
        few = f" (<{ENOUGH})" if estimate["pairs"] < ENOUGH else ""
        return f"{estimate['why_not']}{few}"
    return f"{estimate['share']:.1%} ({estimate['low']:.1%} to {estimate['high']:.1%})"
