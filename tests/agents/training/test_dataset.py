"""Labelled files as the live path sees them."""

from pathlib import Path

import pytest

from agents.common.errors import Failure
from agents.training import dataset
from agents.training.dataset import LabelledTurn
from streams.text_model.learner import Label
from tests.support.data.labelled_conversations import conversation, day, turn, written


def test_a_file_is_read_as_ingest_reads_it(tmp_path: Path) -> None:
    first, *rest = dataset.read_conversations(written(tmp_path / "day.jsonl", day(4)))
    assert [one.id for one in (first, *rest)] == ["c0", "c1", "c2", "c3"]
    assert [one["kind"] for one in first.signals] == ["message"] * 5
    assert [one["participant_role"] for one in first.signals] == ["customer", "operator", "customer", "bot", "customer"]
    assert [bool(one["terms"]) for one in first.signals] == [True, True, True, True, False]
    assert first.turns[0] == LabelledTurn(0, seen=True, frustrated=False, intensity=0.1, split=None)
    assert first.turns[2] == LabelledTurn(4, seen=False, frustrated=True, intensity=0.9, split=None)
    assert all("text" not in one for one in first.signals)


def test_lines_of_several_conversations_may_be_mixed(tmp_path: Path) -> None:
    one, other = day(2)
    mixed = [[line] for pair in zip(one, other, strict=True) for line in pair]
    assert dataset.read_conversations(written(tmp_path / "a", mixed)) == dataset.read_conversations(
        written(tmp_path / "b", [one, other])
    )


def test_lessons_are_the_labelled_turns_with_what_rose_since_the_labelled_one_before() -> None:
    turns = conversation(2)
    unlabelled = turn("c2", 5, "customer", "Hello?")
    last = turn("c2", 6, "customer", "Hello?", frustrated=1, intensity=0.9)
    unrated = turn("c2", 7, "customer", "Hello?", frustrated=0)
    after = turn("c2", 8, "customer", "Hello?", frustrated=0, intensity=0.0)
    found = dataset.build_conversation("c2", [*turns, unlabelled, last, unrated, after])
    labels = [label for _, label in dataset.build_examples(found)]
    assert labels == [
        *(Label(False, None), Label(True, True), Label(True, True), Label(True, False)),
        *(Label(False, None), Label(False, None)),
    ]
    assert [turn.read is None for turn, _ in dataset.build_examples(found)] == [False] * 6


def test_a_turn_never_seen_is_a_lesson_in_forecasting_only() -> None:
    *_, (last, label) = dataset.build_examples(dataset.build_conversation("c0", conversation(0)))
    assert last.read is None
    assert label.frustrated is True


@pytest.mark.parametrize(("split", "is_test"), [(None, True), ("test", True), ("train", False)])
def test_what_counts_of_a_file_with_a_split(split: str | None, is_test: bool) -> None:
    assert dataset.build_conversation("c1", conversation(1, split)).is_test is is_test


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("not json\n", "line 1"),
        ('{"event": {}}\n', "no labelled conversations"),
        ('{"conversation_id": "c", "speaker": "customer"}\n', "turn is missing"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "file.jsonl"
    path.write_text(content)
    with pytest.raises(Failure, match=words):
        dataset.read_conversations(path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"turn": "one"}, "line 6: turn must be an integer"),
        ({"speaker": "cat"}, "line 6: speaker must be one of"),
        ({"frustrated": 2}, "line 6: frustrated must be"),
        ({"text": 4}, "line 6: text must be"),
        ({"text": "\ud800"}, "line 6: text holds a lone surrogate"),
        ({"intensity": 7}, "line 6: intensity must be"),
    ],
)
def test_a_turn_that_cannot_be_used_is_named(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    bad = turn("c", 1, "customer", "Hello", frustrated=0) | changes
    with pytest.raises(Failure, match=words):
        dataset.read_conversations(written(tmp_path / "file.jsonl", [conversation(1), [bad]]))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="nowhere"):
        dataset.read_conversations(tmp_path / "nowhere.jsonl")
