"""SQL is written, not put together: what comes from outside is bound. The few exceptions are counted here."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import agents
from agents.clickhouse.client import connect, quote_identifier
from agents.settings.model import Settings

FOLDER = Path(agents.__file__).parent
SQL = re.compile(
    r"\b(SELECT|INSERT INTO|ALTER TABLE|CREATE \w+|DROP \w+|DELETE FROM|TRUNCATE|UPDATE|WHERE|COMMENT COLUMN"
    r"|fromUnixTimestamp64Milli)\b"
)
QUOTES = re.compile(
    r"\b(string_literal|quote_identifier|escape_param)\("
)  # quoting means building SQL, even without an SQL keyword

# File and function: what stands in the holes. Names of ours, or quoted; never a value.
PUT_TOGETHER = {
    ("avro_container.py", "insert_statement"): {
        "table.name",
        "columns",
        "selected",
        "quoted",
    },  # from agents/clickhouse/tables.py and the schemas
    ("export.py", "build_query"): {
        "condition",
        "where",
        "quote_identifier(table)",
    },  # a tenant is quoted by period.string_literal
    ("clickhouse_rows.py", "erase"): {"table", "where"},  # from CONDITIONS
    ("clickhouse_rows.py", "select"): {"columns", "table", "where"},
    ("grants.py", "has_grant"): {"target", "right", "quote_identifier(database)"},  # from NEEDED
    ("migrate.py", "create_database"): {"quote_identifier(settings.clickhouse_database)"},
    ("migrate.py", "comment_views"): {
        "quote_identifier(column)",
        "text",
        "quote_identifier(view)",
        "', '.join(changes)",
    },  # of the schema
    ("period.py", "_conditions"): {
        "time",
        "sign",
        "at",
        "string_literal(self.tenant)",
    },  # of TIME_COLUMNS; a number; escaped
    ("period.py", "filter_tables"): {
        "string_literal(f'{database}.{name}')",
        "string_literal(text)",
    },  # text is what _conditions made
    ("tables.py", "insert"): {"self.name", "', '.join(self.columns)"},
}


def holes(node: ast.expr) -> set[str]:
    """Expressions a string is put together from; nothing for one that is written out."""
    if isinstance(node, ast.JoinedStr):
        return {ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue)}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return {ast.unparse(node.right)}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return {ast.unparse(side) for side in (node.left, node.right) if not isinstance(side, ast.Constant)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "replace"):
        return {ast.unparse(argument) for argument in (*node.args, *(keyword.value for keyword in node.keywords))}
    return set()


def constants(node: ast.AST) -> str:
    return " ".join(
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )


def put_together(path: Path) -> Iterator[tuple[tuple[str, str], set[str]]]:
    tree = ast.parse(path.read_text())
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.expr) and (parts := holes(node)) and speaks_sql(node, parts):
                    yield (path.name, function.name), parts


def speaks_sql(node: ast.expr, parts: set[str]) -> bool:
    return bool(SQL.search(constants(node)) or any(map(QUOTES.search, parts)))


def test_sql_is_put_together_only_where_it_is_known_and_from_names_of_ours() -> None:
    actual: dict[tuple[str, str], set[str]] = {}
    for path in sorted(FOLDER.rglob("*.py")):
        for where, what in put_together(path):
            actual.setdefault(where, set()).update(what)
    assert actual == PUT_TOGETHER


@pytest.mark.parametrize(
    "source",
    [
        'def ask(c, x):\n    c.execute(f"SELECT * FROM t WHERE a = {x}")',
        'def ask(c, x):\n    c.execute("SELECT * FROM t WHERE a = %s" % x)',
        'def ask(c, x):\n    c.execute("SELECT * FROM t WHERE a = " + x)',
        'def ask(c, x):\n    c.execute("SELECT * FROM t WHERE a = {}".format(x))',
        'def ask(c, x):\n    c.settings["additional_table_filters"] = f"{x} >= fromUnixTimestamp64Milli(1)"',
    ],
)
def test_such_a_thing_would_be_found(tmp_path: Path, source: str) -> None:
    (tmp_path / "one.py").write_text(source)
    assert list(put_together(tmp_path / "one.py")) == [(("one.py", "ask"), {"x"})]


def test_who_quotes_is_found_without_a_word_of_sql(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text('def ask(c, x):\n    c.settings["filter"] = f"a = {string_literal(x)}"')
    assert list(put_together(tmp_path / "one.py")) == [(("one.py", "ask"), {"string_literal(x)"})]


@pytest.mark.integration
@pytest.mark.parametrize("name", ["a`b", "a\\b", "a'b\"c", "x`; DROP DATABASE default; --", "\\`"])
def test_a_database_of_any_name_is_only_a_name(database: Settings, name: str) -> None:
    client = connect(database)
    client.execute(f"CREATE DATABASE {quote_identifier(name)}")
    assert client.execute("SELECT name FROM system.databases WHERE name = %(name)s", {"name": name}) == [(name,)]
    client.execute(f"DROP DATABASE {quote_identifier(name)}")
    client.disconnect()
