"""The twenty questions of docs/analysts.md: one file of SQL each, with what is asked at its head.

Nothing is executed here.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "clickhouse" / "questions"
FILE_NAME = re.compile(r"(\d\d)-([a-z0-9-]+)\.sql")


class Question(NamedTuple):
    """One question.

    Attributes:
        number: from 1.
        file: name of its file.
        title: the question in a sentence.
        about: how to read the answer.
        sql: one statement, without the head.
    """

    number: int
    file: str
    title: str
    about: str
    sql: str


def questions(folder: Path = FOLDER) -> Iterator[Question]:
    """Every question in order; ``ValueError`` for a file that is not one."""
    for path in sorted(folder.glob("*.sql")):
        yield read_question(path)


def read_question(path: Path) -> Question:
    matched = FILE_NAME.fullmatch(path.name)
    if matched is None:
        raise ValueError(f"{path.name} is not a question name; use NN-name.sql")
    lines = path.read_text(encoding="utf-8").strip().splitlines()
    head = [line.removeprefix("-- ") for line in lines if line.startswith("--")]
    if len(head) < 2 or not head[0].endswith("?"):
        raise ValueError(f"{path.name} must start with a comment: the question, then how to read its answer")
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    return Question(int(matched[1]), path.name, head[0], " ".join(head[1:]), sql)
