"""``make faults``: plays the cases, prints the table, and writes it as JSON and Markdown.

python -m tests.faults [--smoke] [--skip PART] [--docs] [--out DIRECTORY] [NAME ...]
"""

import argparse
import json
import subprocess
import sys
import time
import traceback
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

import tests.faults.cases  # noqa: F401 - registers them
from tests.faults.case import CASES, Case, Row, play_case
from tests.faults.cluster import Cluster, cluster

COLUMNS = ("case", "faults injected", "events in", "refused", "lost", "duplicated", "time to recover", "exact")
ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- faults -->", "<!-- /faults -->"


def chosen(names: list[str], skipped: str | None, smoke: bool) -> list[Case]:
    cases = [case for case in CASES.values() if not names or any(name in case.name for name in names)]
    cases = [case for case in cases if not (skipped and skipped in case.name)]
    return sorted((case for case in cases if case.smoke or not smoke), key=lambda case: case.group)


def attempted(case: Case, nodes: Cluster, short: bool) -> Row:
    """Play a case. One that breaks off is a line, too, and no line of before stands in for it."""
    try:
        return play_case(case, nodes, short)
    except Exception as error:
        traceback.print_exc()
        why = f"broken off: {type(error).__name__} {error}".splitlines()[0]
        return Row(case.name, case.group, "broken off", 0, 0, 0, 0, 0, 0.0, exact=False, notes=why)


def revision() -> str:
    """The commit that is checked out; with a plus where files differ from it."""
    told = partial(subprocess.run, cwd=ROOT, capture_output=True, text=True)
    commit = told(["git", "rev-parse", "--short=9", "HEAD"]).stdout.strip() or "unknown"
    return commit + ("+" if told(["git", "status", "--porcelain", "--untracked-files=no"]).stdout else "")


def cells(row: Row) -> tuple[str, ...]:
    numbers = (f"{one:,}" for one in (row.events, row.refused, row.lost, row.duplicated))
    return (row.case, row.faults, *numbers, f"{row.recovered_s:g} s", "yes" if row.exact else "NO")


def markdown(rows: list[Row]) -> str:
    lines = [COLUMNS, ("---", "---", *["---:"] * 5, "---"), *map(cells, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def played_on(rows: list[Row]) -> str:
    """Which code the lines are of."""
    counts = Counter(row.revision or "an unknown revision" for row in rows).most_common()
    return f"Lines played on: {', '.join(f'{code} ({count})' for code, count in counts)}.\n"


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
    rows = [Row(**one) for one in ordered]
    (out / "faults.md").write_text(f"{markdown(rows)}\n{played_on(rows)}")


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
    code = revision()
    with cluster() as nodes:
        for case in chosen(asked.names, asked.skip, asked.smoke):
            began = time.monotonic()
            rows.append(replace(attempted(case, nodes, asked.smoke), revision=code))
            write(rows, out)
            console.print(
                f"{case.name}: {'exact' if rows[-1].exact else 'NOT EXACT'}, {time.monotonic() - began:.0f} s"
            )
            if rows[-1].notes:
                console.print(f"  {rows[-1].notes}")
    console.print(shown(rows))
    if asked.docs:
        document(out)
    return 0 if all(row.exact for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
