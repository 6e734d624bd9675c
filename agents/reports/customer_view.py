"""A customer's history on a terminal, for people: readable at 100 columns. Names come from outside: no markup."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.common.formatting import sparkline
from streams.interventions.options import CONTROL

Told = dict[str, Any]
SHOWN = 10
UNKNOWN = "–"


def render(found: Told, console: Console) -> None:
    """Print a history."""
    name, tenant = escape(found["customer_id"]), escape(found["tenant"])
    count = len(found["conversations"])
    console.print(
        f"[bold]{name}[/], tenant {tenant}: {count} conversations, {found['turns']} turns",
        highlight=False,
        soft_wrap=True,
    )
    console.print(conversations(found["conversations"]))
    console.print(f"\n[bold]Rose again and again with[/] {again(found)}", highlight=False)
    if found["topics"]:
        console.print("\n[bold]Spoke of[/]", highlight=False)
        console.print(topics(found["topics"]))
    if found["options"]:
        console.print("\n[bold]What followed[/] (how often the signal fell, where it moved; 95 %)", highlight=False)
        console.print(options(found["options"]))
    console.print(f"\n[bold]Suggested[/] {escape(suggested(found['approach']))}", highlight=False, soft_wrap=True)


def conversations(lives: list[Told]) -> Table:
    """The latest conversations, each with its trajectory."""
    table = Table("begun", "conversation", "turns", "level", "highest", "last", "ended", box=None)
    for one in lives[-SHOWN:]:
        levels = sparkline(tuple(one["levels"]))
        numbers = str(one["turns"]), levels, f"{one['highest']:+.2f}", f"{one['last']:+.2f}"
        row = f"{one['first_at']:%Y-%m-%d %H:%M}", escape(one["conversation_id"]), *numbers, one["ended"] or "goes on"
        table.add_row(*row, style="bold" if one["raised"] else None)
    return table


def again(found: Told) -> str:
    """Recurring triggers in words."""
    told = [f"{one['words']} ({one['conversations']} conversations)" for one in found["triggers"][:SHOWN]]
    return escape(", ".join(told)) or "nothing seen twice"


def topics(found: list[Told]) -> Table:
    table = Table("topic", "turns", "conversations", "the signal rose", "and otherwise", "", box=None)
    for one in found:
        shares = chance(one["rose"]), chance(one["rose_else"])
        words = one["words"].removeprefix("speaks of ")
        table.add_row(words, str(one["turns"]), str(one["conversations"]), *shares, one["verdict"])
    return table


def options(found: list[Told]) -> Table:
    table = Table("option", "tried", "seen", "fell", box=None)
    for one in found:
        name = "left alone, by lot" if one["option"] == CONTROL else one["option"]
        table.add_row(escape(name), str(one["tried"]), str(one["seen"]), chance(one["fell"]))
    return table


def chance(one: Told) -> str:
    """A share with its interval: ``3 of 4 (30-95 %)``."""
    if one["share"] is None:
        return UNKNOWN
    return f"{one['hits']} of {one['of']} ({100 * one['low']:.0f}-{100 * one['high']:.0f} %)"


def suggested(approach: Told) -> str:
    """What to try and why, in a sentence."""
    avoid = f" Avoid {', '.join(approach['avoid'])}: mostly it rose after." if approach["avoid"] else ""
    evidence = approach["evidence"]
    if approach["from"] == "customer":
        return f"{approach['option']}: with this customer the signal fell after {chance(evidence)}. No proof.{avoid}"
    if approach["from"] == "everybody":
        low, high = evidence["low"], evidence["high"]
        return (
            f"{approach['option']}: of this customer too little is known, but over {evidence['n']} decisions it did "
            f"better than control by {evidence['mean']:.3f} (95 %, at every look: {low:+.3f} to {high:+.3f}).{avoid}"
        )
    return f"nothing: {approach['reason']}.{avoid}"
