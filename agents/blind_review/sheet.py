"""The sheet that reviewers fill in: CSV for spreadsheets.

It holds the texts of the pairs and nothing else about them. A cell that a spreadsheet would read as a formula starts
with an apostrophe (OWASP, CSV injection).
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from agents.blind_review.matching import Pair
from agents.common.errors import Failure
from agents.common.files import read_bytes
from streams.experiment.rating_comparison import QUESTIONS

WORDS = ("customer_A", "reply_A", "customer_B", "reply_B")
ANSWERS = ("preferred", *(f"{question}_{side}" for question in QUESTIONS for side in "AB"), "rater_id")
COLUMNS = ("pair_id", *WORDS, *ANSWERS)
REQUIRED = ("pair_id", *ANSWERS)

MAX_CELL = 30_000  # characters; spreadsheets cut a cell at 32,767
CUT = " […]"
# At the start of a cell, or where a spreadsheet that splits at semicolons or tabs would start one.
FORMULA = re.compile(r"(^|[;\t])(\s*[=+\-@＝＋－＠])")  # noqa: RUF001 - wide signs are formulas, too
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Row = tuple[int, dict[str, str]]


def write_sheet(pairs: Iterable[Pair]) -> bytes:
    """The sheet as UTF-8 with a byte order mark, which Excel needs."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for pair in pairs:
        texts = (pair.a.customer_text, pair.a.reply, pair.b.customer_text, pair.b.reply)
        rows.writerow((pair.pair_id, *map(escape_cell, texts), *("" for _ in ANSWERS)))
    return text.getvalue().encode("utf-8-sig", errors="replace")


def escape_cell(text: str) -> str:
    """A text that is safe in a spreadsheet cell."""
    cleaned = CONTROL.sub("", text).strip()
    cleaned = cleaned if len(cleaned) <= MAX_CELL else cleaned[:MAX_CELL] + CUT
    return FORMULA.sub(r"\1'\2", cleaned)


def read_sheet(path: Path) -> Iterator[Row]:
    """Rows of a filled sheet, numbered as in a spreadsheet.

    Accepts commas, semicolons or tabs, a byte order mark, columns in any order, and more columns. ``Failure`` for an
    invalid file; no cell is quoted.
    """
    text = read_text(path)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=find_delimiter(text), strict=True)
    try:
        yield from read_rows(path, rows)
    except csv.Error as error:
        raise Failure(f"{path} is not a valid CSV file: {error}", "save the sheet as CSV UTF-8") from None


def read_text(path: Path) -> str:
    csv.field_size_limit(max(csv.field_size_limit(), 4 * MAX_CELL))
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failure(f"{path} is not UTF-8", "save the sheet as CSV UTF-8") from None


def find_delimiter(text: str) -> str:
    """The delimiter of the header."""
    header = text.splitlines()[0] if text.strip() else ""
    return max(",;\t", key=header.count)


def read_rows(path: Path, rows: Iterator[list[str]]) -> Iterator[Row]:
    header = [name.strip() for name in next(rows, [])]
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise Failure(f"{path} has no column {missing[0]}", "keep the exported first row")
    if len(set(header) & set(REQUIRED)) < sum(name in REQUIRED for name in header):
        raise Failure(f"{path} has a duplicate column", "keep the exported first row")
    for number, row in enumerate(rows, 2):
        if not any(value.strip() for value in row):
            continue
        if len(row) != len(header):
            raise Failure(f"{path}, row {number}: {len(row)} cells, the header has {len(header)}")
        yield number, {name: value.strip() for name, value in zip(header, row, strict=True)}
