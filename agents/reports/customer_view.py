"""Prints a customer's history: readable at 100 columns. Names come from outside, so markup is escaped."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.common.formatting import sparkline
from streams.interventions.options import CONTROL

History = dict[str, Any]
MAX_SHOWN = 10
UNKNOWN = "–"


def print_history(past: History, console: Console) -> None:
    """Print a history."""
    name, tenant = escape(past["customer_id"]), escape(past["tenant"])
    count = len(past["conversations"])
    console.print(
        f"[bold]{name}[/], tenant {tenant}: {count} conversations, {past['turns']} turns",
        highlight=False,
        soft_wrap=True,
    )
    console.print(conversation_table(past["conversations"]))
    console.print(f"\n[bold]Recurring triggers[/] {format_triggers(past)}", highlight=False)
    if past["topics"]:
        console.print("\n[bold]Topics[/]", highlight=False)
        console.print(topic_table(past["topics"]))
    if past["options"]:
        console.print("\n[bold]What followed each option[/] (how often the level fell; 95 %)", highlight=False)
        console.print(option_table(past["options"]))
    console.print(
        f"\n[bold]Suggested[/] {escape(format_suggestion(past['approach']))}", highlight=False, soft_wrap=True
    )


def conversation_table(lives: list[History]) -> Table:
    """The latest conversations, each with its trajectory."""
    table = Table("begun", "conversation", "turns", "level", "highest", "last", "ended", box=None)
    for conversation in lives[-MAX_SHOWN:]:
        levels = sparkline(tuple(conversation["levels"]))
        numbers = str(conversation["turns"]), levels, f"{conversation['highest']:+.2f}", f"{conversation['last']:+.2f}"
        row = (
            f"{conversation['first_at']:%Y-%m-%d %H:%M}",
            escape(conversation["conversation_id"]),
            *numbers,
            conversation["ended"] or "open",
        )
        table.add_row(*row, style="bold" if conversation["raised"] else None)
    return table


def format_triggers(past: History) -> str:
    """Recurring triggers in words."""
    triggers = [
        f"{trigger['words']} ({trigger['conversations']} conversations)" for trigger in past["triggers"][:MAX_SHOWN]
    ]
    return escape(", ".join(triggers)) or "none"


def topic_table(topics: list[History]) -> Table:
    table = Table("topic", "turns", "conversations", "level rose", "level rose otherwise", "", box=None)
    for topic in topics:
        shares = format_share(topic["rose"]), format_share(topic["rose_else"])
        words = topic["words"].removeprefix("speaks of ")
        table.add_row(words, str(topic["turns"]), str(topic["conversations"]), *shares, topic["verdict"])
    return table


def option_table(options: list[History]) -> Table:
    table = Table("option", "tried", "seen", "fell", box=None)
    for option in options:
        name = "control" if option["option"] == CONTROL else option["option"]
        table.add_row(escape(name), str(option["tried"]), str(option["seen"]), format_share(option["fell"]))
    return table


def format_share(share: History) -> str:
    """A share with its interval: ``3 of 4 (30-95 %)``."""
    if share["share"] is None:
        return UNKNOWN
    return f"{share['hits']} of {share['of']} ({100 * share['low']:.0f}-{100 * share['high']:.0f} %)"


def format_suggestion(approach: History) -> str:
    """The suggested option and the reason, in a sentence."""
    avoid = f" Avoid {', '.join(approach['avoid'])}: the level mostly rose after it." if approach["avoid"] else ""
    evidence = approach["evidence"]
    if approach["from"] == "customer":
        fell = f"with this customer the level fell after {format_share(evidence)}"
        return f"{approach['option']}: {fell}. This is no proof.{avoid}"
    if approach["from"] == "everybody":
        low, high = evidence["low"], evidence["high"]
        return (
            f"{approach['option']}: insufficient data on this customer, but over {evidence['n']} decisions it did "
            f"better than control by {evidence['mean']:.3f} (95 %, at every look: {low:+.3f} to {high:+.3f}).{avoid}"
        )
    return f"nothing: {approach['reason']}.{avoid}"
