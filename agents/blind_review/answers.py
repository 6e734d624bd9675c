"""What a reviewer answered, read from the rows of a sheet. All rows are looked at before anything is said. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from agents.blind_review.sheet import ANSWERS, Row
from schemas.errors import Reason, Rejected
from schemas.validation import check_id
from streams.experiment.rating_comparison import QUESTIONS

SIDES = ("A", "B")
GRADES = {str(grade): grade for grade in range(1, 6)}
YES_NO = {"yes": True, "no": False, "true": True, "false": False}
CHOICES = {"a": "A", "b": "B", "neither": "neither"}

Value = int | bool | None
T = TypeVar("T")


class CellError(NamedTuple):
    """What is wrong in one cell."""

    row: int
    column: str
    what: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.what}"


class Answer(NamedTuple):
    """One reviewer's answers about one pair.

    Attributes:
        preferred: A, B or neither; None where it was left empty.
        sides: by side, then by question; None where it was left empty.
    """

    pair_id: str
    rater_id: str
    preferred: str | None
    sides: Mapping[str, Mapping[str, Value]]


def read(rows: Iterable[Row], pairs: Iterable[str], rater: str | None) -> tuple[list[Answer], list[CellError]]:
    """Answers of all rows in which something was answered, and everything that is wrong.

    Args:
        pairs: ids of the pairs of this review.
        rater: who filled it in, where a row does not say.
    """
    known, wrong, found = set(pairs), list[CellError](), dict[tuple[str, str], Answer]()
    for number, row in rows:
        row = {name: row[name] for name in ("pair_id", *ANSWERS)}
        cells = RowCells(number, row, wrong)
        pair_id = cells.checked("pair_id", lambda name: name in known, "is not a pair of this key")
        if not any(row[name] for name in ANSWERS if name != "rater_id"):
            continue
        answer = Answer(
            pair_id, cells.rater(rater), cells.one_of("preferred", CHOICES, "A, B or neither"), cells.sides()
        )
        if (answer.pair_id, answer.rater_id) in found:
            wrong.append(CellError(number, "pair_id", "appears twice for the same rater"))
        found[answer.pair_id, answer.rater_id] = answer
    return list(found.values()), wrong


class RowCells:
    """The cells of one row; what is wrong is noted."""

    def __init__(self, number: int, row: Mapping[str, str], wrong: list[CellError]) -> None:
        self._number, self._row, self._wrong = number, row, wrong

    def checked(self, column: str, holds: Callable[[str], bool], what: str) -> str:
        if not holds(self._row[column]):
            self._wrong.append(CellError(self._number, column, what))
        return self._row[column]

    def rater(self, given: str | None) -> str:
        """The row's rater or the one given; they must not differ."""
        same = not given or self._row["rater_id"] in ("", given)
        self.checked("rater_id", lambda said: same, "differs from --rater")
        self.checked("rater_id", lambda said: is_id(said or given or ""), "must be an ID, here or in --rater")
        return self._row["rater_id"] or given or ""

    def sides(self) -> dict[str, dict[str, Value]]:
        return {side: {question: self._graded(question, side) for question in QUESTIONS} for side in SIDES}

    def one_of(self, column: str, values: Mapping[str, T], what: str) -> T | None:
        said = self._row[column].casefold()
        self.checked(column, lambda _: not said or said in values, f"must be {what}, or empty")
        return values.get(said)

    def _graded(self, question: str, side: str) -> Value:
        column = f"{question}_{side}"
        if question == "felt_understood":
            return self.one_of(column, YES_NO, "yes or no")
        return self.one_of(column, GRADES, "1 to 5")


def is_id(name: str) -> bool:
    try:
        check_id({"rater_id": name}, "rater_id", Reason.MISSING_FIELD)
    except Rejected:
        return False
    return True
