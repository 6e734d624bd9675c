"""An explained conversation on a terminal, for people: readable at 100 columns."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding

from streams.belief.estimator import SETTLING

Row = dict[str, Any]

LEAST_SHOWN, MOST_NAMED = 0.005, 3
UNKNOWN = "–"


def render(found: Row, console: Console) -> None:
    """Print an explanation."""
    name, tenant = escape(found["conversation_id"]), escape(found["tenant"])
    console.print(f"[bold]{name}[/], tenant {tenant}", highlight=False)
    for number, life in enumerate(found["lives"], 1):
        if len(found["lives"]) > 1:
            console.print(f"\n[bold]Life {number} of {len(found['lives'])}[/]", highlight=False)
        for one in life:
            SHOWN[one["what"]](one, console)
    if found["asked"]:
        console.print("\n[bold]Asked about its alerts[/]", highlight=False)
    for one in found["asked"]:
        asked(one, console)


def turn(one: Row, console: Console) -> None:
    raised = ", [bold red]raised[/]" if one["raised"] else ""
    console.print(
        f"\nturn {one['turn']}, {moment(one)}: level [bold]{one['level']:.2f}[/] ± {one['level_sd']:.2f} "
        f"({one['level_change']:+.2f}), alarm {one['alarm']:.1f} ({one['alarm_change']:+.1f}){raised}",
        highlight=False,
    )
    below(f"words said {signed(one['observation'])}; level moved by {told(one['contributions'], '{:+.2f}')}", console)
    if one["cues"]:
        below(f"cues: {', '.join(one['cues'])}", console)


def decision(one: Row, console: Console) -> None:
    below(f"→ decision {one['decision_index']} ({one['kind']}): {done(one)}", console, "cyan")
    below(f"alarm moved by {told(one['contributions'], '{:+.0%}')}", console, "cyan")


def done(one: Row) -> str:
    """What a decision led to."""
    if not one["available"]:
        return f"no intervention was possible ({one['unavailable_reason']})"
    chance = f"chance {one['propensity']:.2f}"
    return f"left alone as control, {chance}" if one["control"] else f"intervention {one['option']}, {chance}"


def outcome(one: Row, console: Console) -> None:
    then = f"level {one['pre_level']:.2f} to {signed(one['post_level'], '{:.2f}')}"
    if one["reward"] is None:
        then = f"not observed ({one['censoring_reason']})"
    if one["status"] == "overlapped":
        then += ", handed over meanwhile"
    failed = ", failed" if one["failed"] else ""
    after = f"{one['turns']} turns, {one['elapsed_s']:.0f} s"
    below(f"→ outcome of {one['option']} after {after}: {then}{failed}; next: {one['action']}", console, "cyan")


def alert(one: Row, console: Console) -> None:
    below(f"! alert {one['rule']} ({one['severity']}): {one['title']}", console, "yellow")
    if one["evidence"]:
        below(f"seen by {', '.join(one['evidence'])}", console, "yellow")
    if one["deliveries"]:
        below(f"told: {'; '.join(map(became, one['deliveries']))}", console, "yellow")


def became(delivery: Row) -> str:
    """What became of an alert for one team, at one destination."""
    where = f"{delivery['team'] or 'nobody'} {delivery['destination']}".strip()
    return f"{where} {delivery['status']}" + (f" ({delivery['reason']})" if delivery["reason"] else "")


def asked(one: Row, console: Console) -> None:
    """What a person said about the conversation's alerts."""
    until = f" until {moment(one, 'until')}" if one["until"] else ""
    team = f" for {one['team']}" if one["team"] else ""
    said = f"{moment(one, 'at')}: {one['action']}{team}{until}, by {one['by']}: {one['reason']}"
    console.print(escape(said), highlight=False)


SHOWN = {"turn": turn, "decision": decision, "outcome": outcome, "alert": alert}


def below(text: str, console: Console, style: str = "dim") -> None:
    """A line that belongs to the turn above. What it quotes is what others called it: no markup."""
    console.print(Padding(f"[{style}]{escape(text)}[/]", (0, 0, 0, 4), expand=False), highlight=False)


def by_kind(contributions: Iterable[Row]) -> list[Row]:
    """Contributions summed by kind of signal (text, prosody, typing, ...; settling is no signal's); largest first."""
    sums: dict[str, float] = {}
    for one in contributions:
        kind = one["signal"] if one["signal"] == SETTLING else one["signal"].partition(".")[0]
        sums[kind] = sums.get(kind, 0.0) + one["share"]
    ordered = sorted(sums.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [{"signal": kind, "share": share} for kind, share in ordered]


def movers(contributions: Iterable[Row], how: str) -> str:
    """Signals with their signed shares; what rounds to nothing is left out."""
    worth_showing = [one for one in contributions if abs(one["share"]) >= LEAST_SHOWN]
    return ", ".join(f"{one['signal']} {how.format(one['share'])}" for one in worth_showing)


def told(contributions: Sequence[Row], how: str) -> str:
    """What moved level or alarm, by kind of signal, and the strongest by name."""
    kinds, strongest = movers(by_kind(contributions), how), movers(contributions[:MOST_NAMED], how)
    return "; most by ".join(filter(None, (kinds, strongest))) or "nothing to speak of"


def moment(one: Row, name: str = "event_time") -> str:
    """Date and time to the second, UTC."""
    return str(one[name])[:19].replace("T", " ")


def signed(value: float | None, how: str = "{:+.2f}") -> str:
    return UNKNOWN if value is None else how.format(value)
