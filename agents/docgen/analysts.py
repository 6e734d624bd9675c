"""docs/analysts.md: entities, tables and columns from the comments in ClickHouse, and the questions with real results.

``make analyst-docs`` writes it, on the embedded ClickHouse and a replayed recording. A test fails while the committed
file is not what this makes; results are left out of that comparison.
"""

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from clickhouse_driver import Client

from agents.clickhouse.client import connect
from agents.clickhouse.migrate import migrate
from agents.docgen import sample_warehouse
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import LOOPBACK, free_port
from agents.settings.model import Settings
from schemas.questions import Question, questions

PATH = Path(__file__).parents[2] / "docs" / "analysts.md"
LONGEST = 12  # rows of a result shown

ABOUT = f"""\
# For analysts

Made by `make analyst-docs` from the comments in ClickHouse and the files in `schemas/clickhouse/questions/`. Do not
edit it by hand.

Everything Tenor publishes is kept in ClickHouse, in one database (`TENOR_CLICKHOUSE_DATABASE`). Read the **views**:
they show each record once. A table may hold a record twice until its parts merge. Rows are kept 400 days after they
were written, dead letters 90; there is no text in them, and ids are pseudonyms. Times are UTC.

- What the views of the proof mean, number by number: [proof.md](proof.md).
- A page for people who do not write SQL: `tenor report --html FILE`, with `--since` and `--until` for a period.
- The tables as Parquet, one file each: `tenor export DIR`.
- Dashboards for Grafana: `deploy/grafana/`.

The results below come from a recording of simulated support, {sample_warehouse.CUSTOMERS} customers with
{sample_warehouse.VISITS} conversations each, replayed through Tenor. They show how an answer looks and not what it is
at your desk; the customers of a recording cannot react, so every effect must be about zero."""

# Which columns lead from one table to another.
RELATIONS = (
    ("trajectory_points", "}o--o{", "decisions", "conversation_id"),
    ("decisions", "||--o|", "outcomes", "decision_id"),
    ("decisions", "||--o{", "candidate_policies", "decision_id"),
    ("decisions", "|o--o{", "ratings", "decision_id"),
    ("decisions", "|o--o{", "alerts", "decision_id"),
    ("policy_snapshots", "|o--o{", "decisions", "policy_version"),
    ("distal_outcomes", "|o--o{", "decisions", "conversation_id"),
    ("distal_outcomes", "|o--|{", "trajectory_points", "conversation_id"),
    ("distal_outcomes", "|o--o{", "ratings", "conversation_id"),
    ("policy_commands", "}o--o{", "policy_snapshots", "tenant"),
)
KEYS = ("tenant", "conversation_id", "customer_id", "decision_id", "policy_version", "event_id", "topic", "offset")
APART = ("migrations",)


class Column(NamedTuple):
    """One column as ClickHouse describes it."""

    name: str
    type: str
    comment: str
    in_key: bool


class Entity(NamedTuple):
    """A table or view."""

    name: str
    comment: str
    is_view: bool
    columns: tuple[Column, ...]


def entities(client: Client) -> list[Entity]:
    """Every table, then every view, by name."""
    tables = client.execute(
        "SELECT name, comment, engine = 'View' FROM system.tables WHERE database = currentDatabase() ORDER BY 3, name"
    )
    columns: dict[str, list[Column]] = defaultdict(list)
    for table, *column in client.execute(
        "SELECT table, name, type, comment, is_in_sorting_key FROM system.columns "
        "WHERE database = currentDatabase() ORDER BY table, position"
    ):
        columns[table].append(Column(*column))
    return [Entity(name, comment, bool(view), tuple(columns[name])) for name, comment, view in tables]


def document(client: Client) -> str:
    """The whole document."""
    found = [one for one in entities(client) if one.name not in APART]
    tables, views = [e for e in found if not e.is_view], [e for e in found if e.is_view]
    parts = [
        ABOUT,
        f"## Entities\n\n{picture(tables)}",
        "## Twenty questions\n\nEach is a file in `schemas/clickhouse/questions/`, to paste or to pipe.",
        *(section(client, one) for one in questions()),
        "## Views",
        *map(described, views),
        "## Tables",
        *map(described, tables),
    ]
    return "\n\n".join(parts) + "\n"


def picture(tables: Sequence[Entity]) -> str:
    """The entity picture; a relation to what is not there is a mistake."""
    columns = {table.name: {column.name for column in table.columns} for table in tables}
    lines = ["```mermaid", "erDiagram"]
    for left, how, right, by in RELATIONS:
        if not (by in columns[left] and by in columns[right]):
            raise ValueError(f"{left} and {right} do not share {by}")
        lines.append(f"    {left} {how} {right} : {by}")
    for table in tables:
        keys = [column for column in table.columns if column.in_key or column.name in KEYS]
        lines += [f"    {table.name} {{", *(f"        {plain(one.type)} {one.name}" for one in keys), "    }"]
    return "\n".join([*lines, "```"])


def plain(kind: str) -> str:
    """A type as one word, as the picture wants it."""
    inner = re.sub(r"(LowCardinality|Nullable)\((.*)\)", r"\2", kind)
    return plain(inner) if inner != kind else re.sub(r"\W.*", "", kind)


def described(entity: Entity) -> str:
    rows = [f"| `{column.name}` | `{cell(column.type)}` | {cell(column.comment)} |" for column in entity.columns]
    return "\n".join(
        [f"### `{entity.name}`", "", f"{entity.comment}.", "", "| Column | Type | Meaning |", "|---|---|---|", *rows]
    )


def section(client: Client, question: Question) -> str:
    answer, columns = client.execute(question.sql, with_column_types=True)
    return (
        f"### {question.number}. {question.title}\n\n{question.about}\n\n```sql\n{question.sql}\n```\n\n"
        f"<!-- result -->\n{result([name for name, _ in columns], answer)}\n<!-- end -->"
    )


def result(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """The answer as a table; the tenant is left out where there is one."""
    shown = [i for i, name in enumerate(names) if name != "tenant" or len({row[i] for row in rows}) > 1]
    lines = [line(names[i] for i in shown), "|" + "---|" * len(shown)]
    lines += [line(value(row[i]) for i in shown) for row in rows[:LONGEST]]
    more = [f"\n{len(rows) - LONGEST} more rows."] if len(rows) > LONGEST else []
    return "\n".join(lines + more)


def line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(cell, cells))} |"


def cell(text: str) -> str:
    """A text as one cell, without what Markdown would take for a column or a tag."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def value(cell_value: Any) -> str:
    if cell_value is None:
        return "–"
    if isinstance(cell_value, float):
        return f"{cell_value:.0f}" if abs(cell_value) >= 100 else f"{cell_value:.3g}"
    if isinstance(cell_value, datetime):
        return f"{cell_value:%Y-%m-%d %H:%M:%S}"
    return cell_value.isoformat() if isinstance(cell_value, date) else str(cell_value)


def write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = ClickHouse.start(free_port(), free_port(), Path(folder) / "clickhouse")
        try:
            settings = Settings(_env_file=None, clickhouse_host=LOOPBACK, clickhouse_port=server.tcp_port)  # type: ignore
            migrate(settings)
            client = connect(settings)
            sample_warehouse.fill(client, sample_warehouse.records(Path(folder) / "recording.jsonl.gz"))
            PATH.write_text(document(client), encoding="utf-8")
        finally:
            server.stop()


if __name__ == "__main__":
    write()
