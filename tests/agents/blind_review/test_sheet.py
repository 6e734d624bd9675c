"""The sheet: out, through a spreadsheet's hands, and back; what reviewers get wrong is named by row and column."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.blind_review import answers, sheet
from agents.blind_review.answers import Answer
from agents.blind_review.matching import Pair, match_pairs
from agents.common.errors import Failure
from tests.agents.blind_review.builders import exchange, exchanges

PAIRS = match_pairs(exchanges(60), 5, seed=1)
NAMES = [pair.pair_id for pair in PAIRS]
EMPTY = dict.fromkeys(("clarity", "tone", "resonance", "felt_understood"))
Table = list[list[str]]


def table(pairs: list[Pair] = PAIRS) -> Table:
    """The sheet as a spreadsheet shows it."""
    return list(csv.reader(io.StringIO(sheet.write_sheet(pairs).decode("utf-8-sig"), newline="")))


def filled(rows: Table, number: int, **said: str) -> Table:
    """With these cells of a row, counted as a spreadsheet does."""
    for column, value in said.items():
        rows[number - 1][rows[0].index(column)] = value
    return rows


def saved(path: Path, rows: Table, delimiter: str = ",", end: str = "\r\n", encoding: str = "utf-8-sig") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def answered(path: Path, rater: str | None = "r1") -> tuple[list[Answer], list[str]]:
    found, wrong = answers.read_answers(sheet.read_sheet(path), NAMES, rater)
    return found, [str(one) for one in wrong]


def test_columns_hold_words_and_room_for_answers_and_nothing_else() -> None:
    rows = table()
    assert rows[0] == [
        *("pair_id", "customer_A", "reply_A", "customer_B", "reply_B", "preferred"),
        *("clarity_A", "clarity_B", "tone_A", "tone_B", "resonance_A", "resonance_B"),
        *("felt_understood_A", "felt_understood_B", "rater_id"),
    ]
    for row, pair in zip(rows[1:], PAIRS, strict=True):
        shown = [pair.a.customer_text, pair.a.reply.strip(), pair.b.customer_text, pair.b.reply.strip()]
        assert row == [pair.pair_id, *shown, *[""] * 10]


def test_nothing_of_the_decision_stands_in_the_file() -> None:
    text = sheet.write_sheet(PAIRS).decode()
    for pair in PAIRS:
        for one in (pair.a.decision, pair.b.decision):
            for hidden in (one.decision_id, one.conversation_id, one.customer_id, str(one.until), str(one.level)):
                assert f",{hidden}" not in text
                assert one.decision_id not in text
    assert not any(word in text for word in ("control", "intervention", "default", "chat", "email"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_what_spreadsheets_make_of_it_is_read(tmp_path: Path, delimiter: str, end: str, encoding: str) -> None:
    awkward = [exchange(1, reply='Dear "you", a; b\r\n\r\nand, so\ton – ü'), exchange(2, control=True, reply="a,b;c")]
    rows = table(match_pairs(awkward, 1, seed=1))
    filled(rows, 2, preferred="B", clarity_A="4", clarity_B=" 5 ", felt_understood_B="Yes", rater_id="r7")
    [*_, cells] = [row for _, row in sheet.read_sheet(saved(tmp_path / "r.csv", rows, delimiter, end, encoding))]
    [found], wrong = answers.read_answers([(2, cells)], [rows[1][0]], None)
    assert wrong == []
    assert found == Answer(
        rows[1][0], "r7", "B", {"A": {**EMPTY, "clarity": 4}, "B": {**EMPTY, "clarity": 5, "felt_understood": True}}
    )


@given(st.lists(st.tuples(st.text(), st.text()), min_size=2, max_size=2))
def test_any_words_come_back_as_one_row(words: list[tuple[str, str]]) -> None:
    ones = [
        exchange(n, control=bool(n))._replace(customer_text=asked, reply=reply)
        for n, (asked, reply) in enumerate(words)
    ]
    rows = table(match_pairs(ones, 1, seed=1))
    assert [len(row) for row in rows] == [15, 15]
    for shown in rows[1][1:5]:
        assert not shown or shown[0] not in "=+-@\t\r"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1 555", "'+1 555"),
        ("-1+2", "'-1+2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =1", "'=1"),
        ("\t=1", "'=1"),
        ("\r=1", "'=1"),
        ("\x00=1", "'=1"),
        ("＝1", "'＝1"),  # noqa: RUF001
        ("a;=1", "a;'=1"),
        ("a\t=1", "a\t'=1"),
        ("2+2=4, ok", "2+2=4, ok"),
        ("lone \ud800 half", "lone \ud800 half"),
    ],
)
def test_no_cell_is_a_formula(said: str, shown: str) -> None:
    assert sheet.escape_cell(said) == shown
    sheet.write_sheet([PAIRS[0]._replace(a=PAIRS[0].a._replace(reply=said))]).decode()


def test_a_text_longer_than_a_spreadsheets_cell_is_cut() -> None:
    assert len(sheet.escape_cell("x" * 40_000)) < 32_767


def test_answers(tmp_path: Path) -> None:
    rows = filled(table(), 2, preferred="a", clarity_A="1", tone_B="5", felt_understood_A="FALSE")
    filled(rows, 3, preferred="Neither")
    filled(rows, 5, resonance_B="3", rater_id="r1")
    rows.insert(3, [""] * 15)  # an empty line that a spreadsheet left
    found, wrong = answered(saved(tmp_path / "r.csv", rows))
    assert wrong == []
    assert [(one.pair_id, one.rater_id, one.preferred) for one in found] == [
        (NAMES[0], "r1", "A"),
        (NAMES[1], "r1", "neither"),
        (NAMES[3], "r1", None),
    ]
    assert found[0].sides == {"A": {**EMPTY, "clarity": 1, "felt_understood": False}, "B": {**EMPTY, "tone": 5}}
    assert found[2].sides["B"]["resonance"] == 3


def test_columns_may_move_and_others_may_join_them(tmp_path: Path) -> None:
    rows = filled(table(), 2, preferred="A", tone_A="2")
    moved = [[*row[::-1], "a note"] for row in rows]
    moved[0][-1] = "notes"
    assert answered(saved(tmp_path / "r.csv", moved)) == answered(saved(tmp_path / "s.csv", rows))


def test_one_sheet_of_several_raters(tmp_path: Path) -> None:
    rows = filled(table(), 2, preferred="A", rater_id="r1")
    rows.append([*rows[1][:-1], "r2"])
    found, wrong = answered(saved(tmp_path / "r.csv", rows), rater=None)
    assert wrong == []
    assert [one.rater_id for one in found] == ["r1", "r2"]


WRONG: list[tuple[dict[str, str], str]] = [
    ({"clarity_A": "6"}, "row 3, column clarity_A: must be 1 to 5, or empty"),
    ({"tone_B": "0"}, "row 3, column tone_B: must be 1 to 5, or empty"),
    ({"resonance_A": "4.5"}, "row 3, column resonance_A: must be 1 to 5, or empty"),
    ({"resonance_A": "four"}, "row 3, column resonance_A: must be 1 to 5, or empty"),
    ({"preferred": "C"}, "row 3, column preferred: must be A, B or neither, or empty"),
    ({"felt_understood_B": "maybe"}, "row 3, column felt_understood_B: must be yes or no, or empty"),
    ({"pair_id": "pair-000000000000"}, "row 3, column pair_id: is not a pair of this key"),
    ({"preferred": "A", "rater_id": "r9"}, "row 3, column rater_id: differs from --rater"),
    ({"preferred": "A", "rater_id": "x" * 300}, "row 3, column rater_id: must be an ID, here or in --rater"),
    ({"preferred": "A", "pair_id": NAMES[0]}, "row 3, column pair_id: appears twice for the same rater"),
]


@pytest.mark.parametrize(("said", "told"), WRONG)
def test_what_is_wrong_is_named(tmp_path: Path, said: dict[str, str], told: str) -> None:
    rows = filled(filled(table(), 2, preferred="B"), 3, **said)
    _, wrong = answered(saved(tmp_path / "r.csv", rows), rater=None if len(said.get("rater_id", "")) > 99 else "r1")
    assert told in wrong


def test_without_any_rater(tmp_path: Path) -> None:
    _, wrong = answered(saved(tmp_path / "r.csv", filled(table(), 2, preferred="B")), rater=None)
    assert wrong == ["row 2, column rater_id: must be an ID, here or in --rater"]


def without(rows: Table, column: str) -> Table:
    place = rows[0].index(column)
    return [row[:place] + row[place + 1 :] for row in rows]


BROKEN: list[tuple[Callable[[Path], object], str]] = [
    (lambda path: None, "cannot be read: No such file"),
    (lambda path: path.write_bytes(b""), "has no column pair_id"),
    (lambda path: path.write_bytes("Stück".encode("latin-1")), "is not UTF-8"),
    (lambda path: path.write_bytes(sheet.write_sheet(PAIRS).decode().encode("utf-16")), "is not UTF-8"),
    (lambda path: saved(path, without(table(), "tone_B")), "has no column tone_B"),
    (lambda path: saved(path, [row + row[-1:] for row in table()]), "has a duplicate column"),
    (lambda path: saved(path, [*table()[:2], table()[2][:7]]), "row 3: 7 cells, the header has 15"),
    (lambda path: path.write_bytes(sheet.write_sheet(PAIRS) + b'"never closed'), "is not a valid CSV file"),
]


@pytest.mark.parametrize(("make", "told"), BROKEN)
def test_a_file_that_is_no_sheet(tmp_path: Path, make: Callable[[Path], object], told: str) -> None:
    make(tmp_path / "r.csv")
    with pytest.raises(Failure, match=told):
        answered(tmp_path / "r.csv")
