"""The ClickHouse tables and views as numbered files, read and split into statements. Nothing is executed here.

A file that was applied anywhere is never edited: the next number changes what it made. Every statement can be
repeated (``IF NOT EXISTS``, ``OR REPLACE``), because ClickHouse has no transactions over DDL: a migration that
dies in the middle of a file, or races another one, applies the file again.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "clickhouse"
FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

# One token of SQL, as far as finding its end is concerned. What is left open runs to the end of the file: the
# server then refuses it, with the place.
TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<quoted> '(?:[^'\\]|\\.)*(?:'|\Z) | "(?:[^"\\]|\\.)*(?:"|\Z) | `(?:[^`\\]|\\.)*(?:`|\Z) )
    | (?P<end> ; )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)


class MigrationError(ValueError):
    """The migration files do not form a sequence."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file.

    Attributes:
        number: place in the order, from 1.
        name: file name.
        checksum: SHA-256 of the text in hex, the same whatever the line endings.
        statements: in order, without comments and semicolons.
    """

    number: int
    name: str
    checksum: str
    statements: tuple[str, ...]


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """Every migration in order; ``MigrationError`` when a number is missing, duplicate or unreadable."""
    ordered = [read_migration(path) for path in sorted(folder.glob("*.sql"))]
    for expected, migration in enumerate(ordered, 1):
        if migration.number != expected:
            raise MigrationError(f"{migration.name}: expected number {expected:04d}; rename the file")
    return ordered


def read_migration(path: Path) -> Migration:
    matched = FILE_NAME.fullmatch(path.name)
    if matched is None:
        raise MigrationError(f"{path.name} is not a migration name; use NNNN_name.sql")
    text = path.read_text(encoding="utf-8")  # universal newlines: \r\n reads as \n
    return Migration(int(matched[1]), path.name, sha256(text.encode()).hexdigest(), tuple(split_statements(text)))


def split_statements(sql: str) -> Iterator[str]:
    """The statements of a script; a semicolon in a comment, a string or a quoted name ends nothing."""
    pieces: list[str] = []
    for token in TOKEN.finditer(sql):
        if token.lastgroup == "end":
            yield from join_pieces(pieces)
            pieces = []
        else:
            pieces.append(" " if token.lastgroup == "comment" else token[0])
    yield from join_pieces(pieces)


def join_pieces(pieces: list[str]) -> Iterator[str]:
    """Join the pieces to a statement; none if only white space is left."""
    statement = "".join(pieces).strip()
    if statement:
        yield statement
