"""Numbers, tables and headings of a report, readable at 100 columns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

UNKNOWN = "–"


def print_heading(text: str, console: Console) -> None:
    console.print(f"\n[bold]{text}[/]")


def print_facts(rows: Iterable[tuple[str, str]], console: Console) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in rows:
        table.add_row(escape(name), escape(value))
    console.print(table)


def new_table(texts: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in texts:
        table.add_column(name, overflow="fold", min_width=21)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def number(value: float | None, digits: int) -> str:
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def significant(value: float | None) -> str:
    """Two significant digits."""
    return UNKNOWN if value is None else f"{value:.2g}"


def percent(value: float | None) -> str:
    return UNKNOWN if value is None else f"{100 * value:.1f} %"


def interval(value: float, low: float, high: float) -> str:
    """A signed number with its interval."""
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"


def with_tenant(row: Mapping[str, Any], text: str) -> str:
    """A row's text, with its tenant in front unless the deployment has no tenants."""
    return text if row["tenant"] == "default" else f"{row['tenant']}: {text}"


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


BARS = "▁▂▃▄▅▆▇█"


def sparkline(levels: tuple[float, ...]) -> str:
    """Levels from -0.2 to 0.8 as bars."""
    return "".join(BARS[min(max(round((level + 0.2) * (len(BARS) - 1)), 0), len(BARS) - 1)] for level in levels)
