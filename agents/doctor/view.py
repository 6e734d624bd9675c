"""How checks are shown: a table for people, JSON for machines."""

import json
from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.doctor.check import Check, Verdict

STYLES: dict[Verdict, str] = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def render(checks: list[Check], out: Console) -> None:
    """A line for each check, what to do below it, and the number of each verdict."""
    table = Table("", "check", "result", box=None)
    for check in checks:
        todo = f"\n[dim]→ {escape(check.todo)}[/]" if check.todo else ""
        verdict = f"[{STYLES[check.verdict]}]{check.verdict}[/]"
        table.add_row(verdict, check.subject, escape(check.finding) + todo)
    out.print(table)
    out.print(summary(checks), highlight=False)


def summary(checks: list[Check]) -> str:
    counts = Counter(check.verdict for check in checks)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in STYLES)


def as_json(checks: list[Check]) -> str:
    """One object: the number of failed checks, and every check."""
    failed = sum(check.verdict == "failed" for check in checks)
    return json.dumps({"failed": failed, "checks": [as_object(check) for check in checks]})


def as_object(check: Check) -> dict[str, str | None]:
    return {"about": check.subject, "verdict": check.verdict, "found": check.finding, "todo": check.todo}
