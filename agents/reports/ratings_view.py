"""What people said of replies, on a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from agents.common.formatting import UNKNOWN, new_table, number, print_heading

Report = dict[str, Any]


def render(found: Report, console: Console) -> None:
    """Print it; nothing where nobody has rated."""
    spoken = {name: one for name, one in found["agreement"].items() if one["units"]}
    if not found["replies"] and not spoken:
        return
    if spoken:
        render_agreement(spoken, console)
    render_arms([one for one in found["by_arm"] if one["ratings"] or one["ratings_control"]], console)
    if found["unknown_decisions"]:
        console.print(f"{found['unknown_decisions']:,} rated decisions are not in ClickHouse and were left out.")
    if found["replies"]:
        console.print(found["note"], style="dim")


def render_agreement(found: Mapping[str, Report], console: Console) -> None:
    print_heading(
        "Agreement of the raters (Krippendorff's alpha: 1 perfect, 0 chance, .667 the least to build on)", console
    )
    table = new_table(("question",), ("judged by two or more", "raters", "alpha (95 %)"))
    for name, one in found.items():
        table.add_row(words(name), f"{one['units']:,}", f"{one['raters']:,}", shown_alpha(one))
    console.print(table)


def shown_alpha(found: Report) -> str:
    if found["alpha"] is None:
        return str(found["why_not"])
    return f"{found['alpha']:.2f} ({number(found['low'], 2)} to {number(found['high'], 2)})"


def render_arms(found: Sequence[Report], console: Console) -> None:
    if not found:
        return
    print_heading("Ratings of replies (1 to 5; felt understood: share of yes), by conversation", console)
    table = new_table(("question",), ("intervention", "control", "minus control (95 %)"))
    for one in found:
        name = f"{words(one['question'])}, {'blinded' if one['blinded'] else 'not blinded'}"
        table.add_row(name, side(one, ""), side(one, "_control"), gap(one))
    console.print(table)


def side(found: Report, which: str) -> str:
    mean = found[f"mean{which}"]
    return UNKNOWN if mean is None else f"{mean:.2f} of {found[f'ratings{which}']:,}"


def gap(found: Report) -> str:
    if found["difference"] is None:
        return str(found["why_not"])
    return f"{found['difference']:+.2f} ({found['low']:+.2f} to {found['high']:+.2f})"


def words(name: str) -> str:
    return name.replace("_", " ")
