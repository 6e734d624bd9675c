"""The report of a blind review on a terminal."""

from typing import Any

from rich.console import Console

from agents.common.formatting import new_table, print_heading
from agents.reports.ratings_view import render_agreement, render_arms
from streams.experiment.rating_comparison import ENOUGH

Report = dict[str, Any]

ROWS = {
    "all": "all pairs",
    "longer": "where the intervention's reply was longer",
    "shorter": "where it was shorter",
    "at_equal_length": "at equal length, by regression",
}


def render(found: Report, console: Console) -> None:
    """Print it."""
    if not found["pairs"]:
        console.print("No blind comparison has arrived yet: import a filled sheet, and run the sink.")
        return
    console.print(
        f"{found['pairs']:,} pairs, {found['judgements']:,} judgements by {found['raters']:,} reviewers, "
        f"{found['neither']:,} of them neither (which counts half)."
    )
    render_preference(found, console)
    render_agreement({name: one for name, one in found["agreement"].items() if one["units"]}, console)
    render_arms([one for one in found["by_arm"] if one["ratings"] or one["ratings_control"]], console)


def render_preference(found: Report, console: Console) -> None:
    print_heading("How often the intervention's reply was preferred (50 %: no difference)", console)
    table = new_table(("",), ("pairs", "preferred (95 %)"))
    shown = ROWS if found["words"] else {"all": ROWS["all"]}
    for name, words in shown.items():
        one = found["preference"][name]
        table.add_row(words, f"{one['pairs']:,}", percent(one))
    console.print(table)
    if found["words"] is None:
        console.print("Lengths stand in the key: with --key, preference is shown beside length.", style="dim")
    else:
        render_lengths(found, console)


def render_lengths(found: Report, console: Console) -> None:
    words, longer = found["words"], found["preference"]["longer_reply"]
    console.print(
        f"Replies had {words['intervention']:.0f} words under intervention and {words['control']:.0f} under control; "
        f"the longer of two was preferred: {percent(longer)}.",
        style="dim",
    )


def percent(found: Report) -> str:
    if found["share"] is None:
        few = f" (<{ENOUGH})" if found["pairs"] < ENOUGH else ""
        return f"{found['why_not']}{few}"
    return f"{found['share']:.1%} ({found['low']:.1%} to {found['high']:.1%})"
