"""``make faults``: plays the cases, prints the table, and writes it as JSON and Markdown.

python -m tests.faults [--smoke] [--skip PART] [--docs] [--out DIRECTORY] [NAME ...]
"""

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

import tests.faults.cases  # noqa: F401 - registers them
from tests.faults.case import CASES, Case, Row, play
from tests.faults.cluster import cluster

COLUMNS = ("case", "faults injected", "events in", "refused", "lost", "duplicated", "time to recover", "exact")
ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->", "<!-- /faults -->"


def chosen(names: list[str], skipped: str | None, smoke: bool) -> list[Case]:
    found = [one for one in CASES.values() if not names or any(name in one.name for name in names)]
    found = [one for one in found if not (skipped and skipped in one.name)]
    return sorted((one for one in found if one.smoke or not smoke), key=lambda one: one.group)


def cells(row: Row) -> tuple[str, ...]:
    numbers = (f"{one:,}" for one in (row.events, row.refused, row.lost, row.duplicated))
    return (row.case, row.faults, *numbers, f"{row.recovered_s:g} s", "yes" if row.exact else "NO")


def markdown(rows: list[Row]) -> str:
    lines = [COLUMNS, ("---", "---", *["---:"] * 5, "---"), *map(cells, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def shown(rows: list[Row]) -> Table:
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*cells(row), style=None if row.exact else "bold red")
    return table


def write(rows: list[Row], out: Path) -> None:
    """What was found so far: a case that was played before and not now keeps its line."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "faults.json"
    known = {one["case"]: one for one in json.loads(path.read_text())} if path.exists() else {}
    known |= {row.case: row.as_json() for row in rows}
    ordered = sorted((known[name] for name in CASES if name in known), key=lambda one: one["group"])
    path.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
    (out / "faults.md").write_text(markdown([Row(**one) for one in ordered]))


def document(out: Path) -> None:
    """Put the table as it stands now into the documentation."""
    before, _, rest = DOCS.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCS.write_text(f"{before}{BEGIN}\n\n{(out / 'faults.md').read_text()}\n{END}{after}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("names", nargs="*", help="parts of the names of cases; all without")
    parser.add_argument("--smoke", action="store_true", help="the short run")
    parser.add_argument("--skip", help="a part of the names of cases to leave out")
    parser.add_argument("--out", type=Path, help="where the table goes, as JSON and Markdown")
    parser.add_argument("--docs", action="store_true", help="put the table into docs/reliability.md")
    asked = parser.parse_args()
    console, rows = Console(), []
    out = asked.out or ROOT / ".cache" / ("faults-smoke" if asked.smoke else "faults")
    with cluster() as nodes:
        for one in chosen(asked.names, asked.skip, asked.smoke):
            began = time.monotonic()
            rows.append(play(one, nodes, asked.smoke))
            write(rows, out)
            console.print(f"{one.name}: {'exact' if rows[-1].exact else 'NOT EXACT'}, {time.monotonic() - began:.0f} s")
            if rows[-1].notes:
                console.print(f"  {rows[-1].notes}")
    console.print(shown(rows))
    if asked.docs:
        document(out)
    return 0 if all(row.exact for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
