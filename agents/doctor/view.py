"""How the doctor's findings are shown: a table for people, JSON for machines."""

import json
from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.doctor.check import Check, Verdict

STYLES: dict[Verdict, str] = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def render(checks: list[Check], out: Console) -> None:
    """A line for each check, what to do under it, and how many there are of which."""
    table = Table("", "about", "found", box=None)
    for one in checks:
        todo = f"\n[dim]→ {escape(one.todo)}[/]" if one.todo else ""
        table.add_row(f"[{STYLES[one.verdict]}]{one.verdict}[/]", one.about, escape(one.found) + todo)
    out.print(table)
    out.print(summary(checks), highlight=False)


def summary(checks: list[Check]) -> str:
    counted = Counter(one.verdict for one in checks)
    return ", ".join(f"{counted[verdict]} {verdict}" for verdict in STYLES)


def as_json(checks: list[Check]) -> str:
    """One object: how many failed, and every check."""
    failed = sum(one.verdict == "failed" for one in checks)
    return json.dumps({"failed": failed, "checks": [one._asdict() for one in checks]})
