"""docs/analysts.md is current, its questions are answered, and what they are asked of is a replayed recording."""

import re

import pytest

from agents.clickhouse.client import connect
from agents.docgen.analysts import PATH, Entity, document, entities, picture, result
from agents.docgen.offline_pipeline import Records
from agents.settings.model import Settings
from schemas.questions import Question, questions
from schemas.topics import Name
from tests.support.data.warehouse import ask

QUESTIONS = list(questions())
RESULT = re.compile(r"(<!-- result -->\n).*?(<!-- end -->)", re.DOTALL)


def without_results(text: str) -> str:
    """The document, whatever was answered."""
    return RESULT.sub(r"\1\2", text)


@pytest.mark.integration
def test_the_committed_document_is_current(warehouse: Settings) -> None:
    client = connect(warehouse)
    made = document(client)
    client.disconnect()
    assert without_results(PATH.read_text(encoding="utf-8")) == without_results(made), "run: make analyst-docs"


@pytest.mark.integration
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.file)
def test_every_question_is_answered(warehouse: Settings, question: Question) -> None:
    rows = ask(warehouse, question.sql)
    assert rows, "no rows"
    committed = PATH.read_text(encoding="utf-8").split(f"### {question.number}. ")[1].split("<!-- result -->\n")[1]
    shown = committed.splitlines()[0].strip("| ").split(" | ")
    assert [name for name in rows[0] if name != "tenant"] == shown
    assert all(set(row) == set(rows[0]) for row in rows)


@pytest.mark.integration
def test_the_answers_are_those_of_a_recording_nobody_reacted_in(warehouse: Settings, sample_records: Records) -> None:
    """Every effect is about zero, nothing was lost, and the chances on record are those that were drawn from."""
    answer = {one.number: ask(warehouse, one.sql) for one in QUESTIONS}
    (helped,) = answer[1]
    assert helped["verdict"] == "no effect shown"
    assert helped["low"] < 0 < helped["high"]
    assert {row["verdict"] for row in answer[2]} <= {"no effect shown", "insufficient data"}
    (believed,) = answer[16]
    assert (believed["contradictions"], believed["chances"], believed["control_share"]) == (0, "sound", "as designed")
    (early,) = answer[4]
    (false,) = answer[6]
    assert early["frustrated"] + false["quiet"] == false["judged_conversations"]
    assert sum(row["marks"] for row in answer[8]) == sum(
        one["frustrated"] is not None for one in sample_records[Name.RATINGS]
    )
    assert sum(row["alerts"] for row in answer[19]) == len(sample_records[Name.ALERTS])
    assert sum(row["events"] for row in answer[20]) == 5
    assert not any("secret" in row["example"] for row in answer[20])


@pytest.mark.integration
def test_a_question_is_no_error_while_there_is_nothing(database: Settings) -> None:
    for question in QUESTIONS:
        assert ask(database, question.sql) == []


@pytest.mark.integration
def test_every_entity_stands_in_the_picture(warehouse: Settings) -> None:
    client = connect(warehouse)
    tables = [one for one in entities(client) if not one.is_view and one.name != "migrations"]
    client.disconnect()
    drawn = picture(tables)
    assert all(f"    {table.name} {{" in drawn for table in tables)
    with pytest.raises(ValueError, match="do not share"):
        picture([Entity(one.name, "", False, ()) for one in tables])


def test_a_result_is_a_table_whatever_it_holds() -> None:
    told = result(("tenant", "a", "b"), [("t", None, "x|y<b>")] * 14)
    assert told.splitlines()[:3] == ["| a | b |", "|---|---|", "| – | x\\|y&lt;b> |"]
    assert told.endswith("2 more rows.")
