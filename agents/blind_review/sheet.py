"""The sheet reviewers fill in: CSV as spreadsheets write and read it.

It holds the words of the pairs and nothing else of them. A cell that a spreadsheet would take for a formula is shown
behind an apostrophe (OWASP, CSV injection).
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
NEEDED = ("pair_id", *ANSWERS)

LONGEST = 30_000  # characters; spreadsheets cut a cell at 32,767
CUT = " […]"
# At the beginning of a cell, or where a spreadsheet that splits at semicolons or tabs would begin one.
FORMULA = re.compile(r"(^|[;\t])(\s*[=+\-@＝＋－＠])")  # noqa: RUF001 - wide signs are formulas, too
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Row = tuple[int, dict[str, str]]


def written(pairs: Iterable[Pair]) -> bytes:
    """The sheet. UTF-8 with a byte order mark, without which Excel misreads it."""
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    for pair in pairs:
        said = (pair.a.asked, pair.a.reply, pair.b.asked, pair.b.reply)
        rows.writerow((pair.pair_id, *map(cell, said), *("" for _ in ANSWERS)))
    return text.getvalue().encode("utf-8-sig", errors="replace")


def cell(text: str) -> str:
    """Somebody's words, harmless in a spreadsheet."""
    shown = CONTROL.sub("", text).strip()
    shown = shown if len(shown) <= LONGEST else shown[:LONGEST] + CUT
    return FORMULA.sub(r"\1'\2", shown)


def read(path: Path) -> Iterator[Row]:
    """Rows of a filled sheet that name a pair, numbered as a spreadsheet numbers them.

    Commas, semicolons or tabs; with or without a byte order mark; columns in any order, others beside them.
    ``Failure`` names what is wrong, without quoting it.
    """
    text = content(path)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text), strict=True)
    try:
        yield from named(path, rows)
    except csv.Error as error:
        raise Failure(f"{path} is not a whole CSV file: {error}") from None


def content(path: Path) -> str:
    csv.field_size_limit(max(csv.field_size_limit(), 4 * LONGEST))
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Failure(f"{path} is not UTF-8", "save the sheet as CSV UTF-8") from None


def delimiter(text: str) -> str:
    """What divides the header's cells."""
    header = text.splitlines()[0] if text.strip() else ""
    return max(",;\t", key=header.count)


def named(path: Path, rows: Iterator[list[str]]) -> Iterator[Row]:
    header = [name.strip() for name in next(rows, [])]
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise Failure(f"{path} has no column {missing[0]}", "keep the exported first row")
    if len(set(header) & set(NEEDED)) < sum(name in NEEDED for name in header):
        raise Failure(f"{path} has a duplicate column", "keep the exported first row")
    for number, row in enumerate(rows, 2):
        if not any(value.strip() for value in row):
            continue
        if len(row) != len(header):
            raise Failure(f"{path}, row {number}: {len(row)} cells, the header has {len(header)}")
        yield number, {name: value.strip() for name, value in zip(header, row, strict=True)}
