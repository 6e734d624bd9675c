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
QUOTES = re.compile(r"\b(literal|quoted|escape_param)\(")  # who quotes puts SQL together, be it without a word of it

# File and function: what stands in the holes. Names of ours, or quoted; never a value.
PUT_TOGETHER = {
    ("avro_files.py", "statement"): {
        "table.name",
        "columns",
        "taken",
        "quoted",
    },  # from agents/clickhouse/tables.py and the schemas
    ("digests.py", "rows_of"): {"columns", "table", "key"},  # from DIGESTED and agents/clickhouse/tables.py
    ("exporting.py", "query"): {"condition", "chosen", "quoted(table)"},  # a tenant is quoted by period.literal
    ("forgotten_rows.py", "erase"): {"table", "where"},  # from PLACES
    ("forgotten_rows.py", "select"): {"what", "table", "where"},
    ("grants.py", "may"): {"what", "right", "quoted(database)"},  # from NEEDED
    ("migrate.py", "create_database"): {"quoted(settings.clickhouse_database)"},
    ("migrate.py", "comment_views"): {"quoted(column)", "text", "quoted(view)", "', '.join(changes)"},  # of the schema
    ("period.py", "_conditions"): {"time", "sign", "at", "literal(self.tenant)"},  # of TIMES; a number; escaped
    ("period.py", "limit"): {"literal(f'{database}.{name}')", "literal(text)"},  # text is what _conditions made
    ("rows.py", "insert"): {"self.name", "', '.join(self.columns)"},
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
        return {ast.unparse(one) for one in (*node.args, *(keyword.value for keyword in node.keywords))}
    return set()


def constants(node: ast.AST) -> str:
    return " ".join(one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))


def put_together(path: Path) -> Iterator[tuple[tuple[str, str], set[str]]]:
    tree = ast.parse(path.read_text())
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.expr) and (found := holes(node)) and speaks_sql(node, found):
                    yield (path.name, function.name), found


def speaks_sql(node: ast.expr, put_in: set[str]) -> bool:
    return bool(SQL.search(constants(node)) or any(map(QUOTES.search, put_in)))


def test_sql_is_put_together_only_where_it_is_known_and_from_names_of_ours() -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for path in sorted(FOLDER.rglob("*.py")):
        for where, what in put_together(path):
            found.setdefault(where, set()).update(what)
    assert found == PUT_TOGETHER


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
    (tmp_path / "one.py").write_text('def ask(c, x):\n    c.settings["filter"] = f"a = {literal(x)}"')
    assert list(put_together(tmp_path / "one.py")) == [(("one.py", "ask"), {"literal(x)"})]


@pytest.mark.integration
@pytest.mark.parametrize("name", ["a`b", "a\\b", "a'b\"c", "x`; DROP DATABASE default; --", "\\`"])
def test_a_database_of_any_name_is_only_a_name(database: Settings, name: str) -> None:
    client = connect(database)
    client.execute(f"CREATE DATABASE {quote_identifier(name)}")
    assert client.execute("SELECT name FROM system.databases WHERE name = %(name)s", {"name": name}) == [(name,)]
    client.execute(f"DROP DATABASE {quote_identifier(name)}")
    client.disconnect()
