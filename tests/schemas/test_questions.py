"""The questions as files: twenty, and what is none is refused."""

from pathlib import Path

import pytest

from schemas.questions import questions, read_question


def test_there_are_twenty_questions() -> None:
    assert [question.number for question in questions()] == list(range(1, 21))
    assert len({question.title for question in questions()}) == 20


@pytest.mark.parametrize(
    ("name", "text", "wrong"),
    [
        ("1-x.sql", "", "not a"),
        ("01-x.sql", "SELECT 1", "question"),
        ("01-x.sql", "-- Why?\nSELECT 1", "how to read"),
    ],
)
def test_a_file_that_is_no_question(tmp_path: Path, name: str, text: str, wrong: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=wrong):
        read_question(tmp_path / name)
