"""Splitting and numbering of the ClickHouse files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.migrations import MigrationError, migrations, split_statements


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", []),
        (" ;; \n;", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("-- only; a comment\n", []),
        ("SELECT 1 -- one; two\n, 2; SELECT 3", ["SELECT 1  \n, 2", "SELECT 3"]),
        ("/* a; b\n */ SELECT 1;", ["SELECT 1"]),
        ("SELECT ';', 'it''s; fine', 'back\\'; slash'", ["SELECT ';', 'it''s; fine', 'back\\'; slash'"]),
        ("SELECT '-- no comment; ' ; SELECT 2", ["SELECT '-- no comment; '", "SELECT 2"]),
        ('SELECT "a;b", `c;d`; SELECT 2', ['SELECT "a;b", `c;d`', "SELECT 2"]),
        ("SELECT '/*'; SELECT '*/'", ["SELECT '/*'", "SELECT '*/'"]),
        ("-- it's\nSELECT 1; -- don't\nSELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT 1 - 2; SELECT 4 / 2", ["SELECT 1 - 2", "SELECT 4 / 2"]),
        ("SELECT 'left open; SELECT 2", ["SELECT 'left open; SELECT 2"]),
    ],
)
def test_statements(sql: str, expected: list[str]) -> None:
    assert list(split_statements(sql)) == expected


@given(st.lists(st.text(alphabet="ab ;'\"`-/*\n", max_size=20)))
def test_whatever_is_quoted_stays_in_one_statement(texts: list[str]) -> None:
    literals = ["'" + text.replace("'", "''") + "'" for text in texts]
    script = ";\n".join(f"SELECT {literal}" for literal in literals)
    assert list(split_statements(script)) == [f"SELECT {literal}" for literal in literals]


def test_our_files_are_in_order_and_can_be_repeated() -> None:
    result = migrations()
    assert [m.number for m in result] == list(range(1, len(result) + 1))
    for migration in result:
        for statement in migration.statements:
            assert any(words in statement for words in ("IF NOT EXISTS", "IF EXISTS", "OR REPLACE", "COMMENT"))


def test_checksum_ignores_line_endings_and_sees_the_rest(tmp_path: Path) -> None:
    sums = []
    for text in (b"SELECT 1;\nSELECT 2;\n", b"SELECT 1;\r\nSELECT 2;\r\n", b"SELECT 1;\nSELECT 3;\n"):
        (tmp_path / "0001_one.sql").write_bytes(text)
        sums.append(migrations(tmp_path)[0].checksum)
    assert sums[0] == sums[1] != sums[2]


@pytest.mark.parametrize(
    "names", [["0002_two.sql"], ["0001_one.sql", "0001_other.sql"], ["0001_one.sql", "0003_three.sql"], ["one.sql"]]
)
def test_what_is_no_sequence_is_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationError):
        migrations(tmp_path)
