"""Prints an explained conversation: readable at 100 columns."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from streams.belief.estimator import SETTLING

Row = dict[str, Any]

MIN_SHARE, MAX_NAMED = 0.005, 3
UNKNOWN = "–"


def print_conversation(explanation: Row, console: Console) -> None:
    """Print an explanation."""
    name, tenant = escape(explanation["conversation_id"]), escape(explanation["tenant"])
    console.print(f"[bold]{name}[/], tenant {tenant}", highlight=False)
    for number, life in enumerate(explanation["lives"], 1):
        if len(explanation["lives"]) > 1:
            console.print(f"\n[bold]Life {number} of {len(explanation['lives'])}[/]", highlight=False)
        for entry in life:
            PRINTERS[entry["what"]](entry, console)
    if explanation["asked"]:
        console.print("\n[bold]Commands about its alerts[/]", highlight=False)
    for entry in explanation["asked"]:
        print_command(entry, console)


def print_turn(entry: Row, console: Console) -> None:
    raised = ", [bold red]raised[/]" if entry["raised"] else ""
    console.print(
        f"\nturn {entry['turn']}, {format_time(entry)}: level [bold]{entry['level']:.2f}[/] ± {entry['level_sd']:.2f} "
        f"({entry['level_change']:+.2f}), alarm {entry['alarm']:.1f} ({entry['alarm_change']:+.1f}){raised}",
        highlight=False,
    )
    changes = summarize_contributions(entry["contributions"], "{:+.2f}")
    print_indented(f"text signal {format_signed(entry['observation'])}; level moved by {changes}", console)
    if entry["cues"]:
        print_indented(f"cues: {', '.join(entry['cues'])}", console)


def print_decision(entry: Row, console: Console) -> None:
    print_indented(f"→ decision {entry['decision_index']} ({entry['kind']}): {format_choice(entry)}", console, "cyan")
    print_indented(f"alarm moved by {summarize_contributions(entry['contributions'], '{:+.0%}')}", console, "cyan")


def format_choice(entry: Row) -> str:
    """The chosen option of a decision, and its propensity."""
    if not entry["available"]:
        return f"no intervention possible ({entry['unavailable_reason']})"
    choice = "control" if entry["control"] else f"intervention {entry['option']}"
    return f"{choice}, probability {entry['propensity']:.2f}"


def print_outcome(entry: Row, console: Console) -> None:
    change = f"level {entry['pre_level']:.2f} to {format_signed(entry['post_level'], '{:.2f}')}"
    if entry["reward"] is None:
        change = f"not observed ({entry['censoring_reason']})"
    if entry["status"] == "overlapped":
        change += ", handed over during the window"
    failed = ", failed" if entry["failed"] else ""
    after = f"{entry['turns']} turns, {entry['elapsed_s']:.0f} s"
    print_indented(
        f"→ outcome of {entry['option']} after {after}: {change}{failed}; next: {entry['action']}", console, "cyan"
    )


def print_alert(entry: Row, console: Console) -> None:
    print_indented(f"! alert {entry['rule']} ({entry['severity']}): {entry['title']}", console, "yellow")
    if entry["evidence"]:
        print_indented(f"evidence: {', '.join(entry['evidence'])}", console, "yellow")
    if entry["deliveries"]:
        print_indented(f"deliveries: {'; '.join(map(format_delivery, entry['deliveries']))}", console, "yellow")


def format_delivery(delivery: Row) -> str:
    """The delivery of an alert to one destination of a team."""
    where = f"{delivery['team'] or 'nobody'} {delivery['destination']}".strip()
    return f"{where} {delivery['status']}" + (f" ({delivery['reason']})" if delivery["reason"] else "")


def print_command(command: Row, console: Console) -> None:
    """Print a command about the conversation's alerts."""
    until = f" until {format_time(command, 'until')}" if command["until"] else ""
    team = f" for {command['team']}" if command["team"] else ""
    line = f"{format_time(command, 'at')}: {command['action']}{team}{until}, by {command['by']}: {command['reason']}"
    console.print(escape(line), highlight=False)


PRINTERS = {"turn": print_turn, "decision": print_decision, "outcome": print_outcome, "alert": print_alert}


def print_indented(text: str, console: Console, style: str = "dim") -> None:
    """Print a line that belongs to the turn above. Names come from outside, so markup is escaped."""
    console.print(Padding(f"[{style}]{escape(text)}[/]", (0, 0, 0, 4), expand=False), highlight=False)


def sum_by_kind(contributions: Iterable[Row]) -> list[Row]:
    """Contributions summed by kind of signal (text, prosody, typing, ...; settling is no signal's); largest first."""
    sums: dict[str, float] = {}
    for contribution in contributions:
        kind = (
            contribution["signal"] if contribution["signal"] == SETTLING else contribution["signal"].partition(".")[0]
        )
        sums[kind] = sums.get(kind, 0.0) + contribution["share"]
    ordered = sorted(sums.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [{"signal": kind, "share": share} for kind, share in ordered]


def format_contributions(contributions: Iterable[Row], pattern: str) -> str:
    """Signals with their signed shares, without those that round to zero."""
    shown = [contribution for contribution in contributions if abs(contribution["share"]) >= MIN_SHARE]
    return ", ".join(f"{contribution['signal']} {pattern.format(contribution['share'])}" for contribution in shown)


def summarize_contributions(contributions: Sequence[Row], pattern: str) -> str:
    """Contributions to level or alarm: sums by kind of signal, then the strongest signals by name."""
    kinds, strongest = (
        format_contributions(sum_by_kind(contributions), pattern),
        format_contributions(contributions[:MAX_NAMED], pattern),
    )
    return "; most by ".join(filter(None, (kinds, strongest))) or "no signal"


def format_time(entry: Row, name: str = "event_time") -> str:
    """Date and time to the second, UTC."""
    return str(entry[name])[:19].replace("T", " ")


def format_signed(value: float | None, pattern: str = "{:+.2f}") -> str:
    return UNKNOWN if value is None else pattern.format(value)
