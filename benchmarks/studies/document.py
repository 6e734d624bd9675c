"""Where a study's numbers and plots go: between its marks in docs/validation.md, and beside it as SVG.

The same numbers give the same bytes: no date, and fixed names inside the drawing.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.pictures import FAINT, STYLE, plt

ROOT = Path(__file__).parents[2]
DOCS, SHARED = ROOT / "docs", ROOT.parent / "shared"
BEGIN, END = "<!-- {}: begin -->", "<!-- {}: end -->"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, ["---"] * len(header), *rows))


def yes(reached: bool) -> str:
    return "yes" if reached else "**no**"


def between(low: float, high: float, digits: int = 3) -> str:
    """An interval as text."""
    return f"{low:+.{digits}f} to {high:+.{digits}f}"


def write(name: str, made: str, docs: Path = DOCS) -> None:
    """Put what a study made between its marks, and print it. ``ValueError`` where the document has no such marks."""
    document, begin, end = docs / "validation.md", BEGIN.format(name), END.format(name)
    before, found, rest = document.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{document.name} has no marks for {name}")
    document.write_text(f"{before}{begin}\n{made}\n{end}{after}", encoding="utf-8")
    print(f"{name}\n{made}\n", flush=True)


@contextmanager
def plot(name: str, docs: Path = DOCS, height: float = 3.2) -> Iterator[Any]:
    """Axes to draw on; saved as docs/validation/NAME.svg."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(7.2, height))
        yield axes
        (docs / "validation").mkdir(exist_ok=True)
        figure.savefig(docs / "validation" / f"{name}.svg", metadata={"Date": None})
        plt.close(figure)


def intervals(
    axes: Any, names: Sequence[str], rows: Sequence[tuple[float, float, float]], shift: float, **how: Any
) -> None:
    """One horizontal interval a name: (middle, low, high)."""
    middles = [middle for middle, _, _ in rows]
    reach = [[m - low for m, low, _ in rows], [high - m for m, _, high in rows]]
    axes.errorbar(middles, [i + shift for i in range(len(rows))], xerr=reach, fmt="o", capsize=3, markersize=4, **how)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
