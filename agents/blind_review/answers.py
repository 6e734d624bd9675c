"""A reviewer's answers, read from the rows of a sheet. All errors are collected before any is reported. Pure."""

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
    """An error in one cell."""

    row: int
    column: str
    problem: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.problem}"


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


def read_answers(rows: Iterable[Row], pairs: Iterable[str], rater: str | None) -> tuple[list[Answer], list[CellError]]:
    """The answers of all rows that have one, and all errors.

    Args:
        pairs: ids of the pairs of this review.
        rater: id of the rater, for rows without one.
    """
    known, errors, answers = set(pairs), list[CellError](), dict[tuple[str, str], Answer]()
    for number, row in rows:
        row = {name: row[name] for name in ("pair_id", *ANSWERS)}
        cells = RowCells(number, row, errors)
        pair_id = cells.check("pair_id", lambda name: name in known, "is not a pair of this key")
        if not any(row[name] for name in ANSWERS if name != "rater_id"):
            continue
        answer = Answer(
            pair_id, cells.rater(rater), cells.one_of("preferred", CHOICES, "A, B or neither"), cells.sides()
        )
        if (answer.pair_id, answer.rater_id) in answers:
            errors.append(CellError(number, "pair_id", "appears twice for the same rater"))
        answers[answer.pair_id, answer.rater_id] = answer
    return list(answers.values()), errors


class RowCells:
    """The cells of one row; collects their errors."""

    def __init__(self, number: int, row: Mapping[str, str], errors: list[CellError]) -> None:
        self._number, self._row, self._errors = number, row, errors

    def check(self, column: str, is_valid: Callable[[str], bool], problem: str) -> str:
        if not is_valid(self._row[column]):
            self._errors.append(CellError(self._number, column, problem))
        return self._row[column]

    def rater(self, default: str | None) -> str:
        """The row's rater or the one given; they must not differ."""
        same = not default or self._row["rater_id"] in ("", default)
        self.check("rater_id", lambda value: same, "differs from --rater")
        self.check("rater_id", lambda value: is_id(value or default or ""), "must be an ID, here or in --rater")
        return self._row["rater_id"] or default or ""

    def sides(self) -> dict[str, dict[str, Value]]:
        return {side: {question: self._graded(question, side) for question in QUESTIONS} for side in SIDES}

    def one_of(self, column: str, values: Mapping[str, T], expected: str) -> T | None:
        value = self._row[column].casefold()
        self.check(column, lambda _: not value or value in values, f"must be {expected}, or empty")
        return values.get(value)

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
