"""A prediction for every labelled turn, by weights that may have seen what came before and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.common.errors import Failure
from agents.training import dataset, evaluate, train
from agents.training.evaluate import Prediction
from streams.config.model import Config
from streams.text_model.learner import TextModelLearner
from streams.text_model.pretrained import load_weights
from streams.text_model.prior import expert_weights
from tests.support.data.command_line import assert_failure, succeeded, tenor
from tests.support.data.labelled_conversations import Turns, conversation, day, flipped, turn, written

CONFIG = Config()
MODES = ("shipped", "online", "folds")


def read(conversations: list[Turns]) -> list[dataset.Conversation]:
    return [dataset.build_conversation(turns[0]["conversation_id"], turns) for turns in conversations]


def run(conversations: list[Turns], mode: str, number: int = 4) -> list[Prediction]:
    return evaluate.predict(read(conversations), mode, expert_weights(), CONFIG, number)


def said(predictions: list[Prediction], *names: str) -> list[tuple[Any, ...]]:
    """What was predicted of these conversations, without their labels."""
    chosen = [one for one in predictions if one.conversation_id in names]
    return [(one.now, one.next, one.rise, one.level, one.raised) for one in chosen]


@pytest.mark.parametrize("mode", MODES)
def test_every_labelled_turn_has_one_prediction_in_the_order_of_the_file(mode: str) -> None:
    unlabelled = [turn("c99", 0, "customer", "Hello")]
    found = run([unlabelled, *day()], mode)
    assert [(one.conversation_id, one.turn.number) for one in found] == [
        (f"c{i}", t) for i in range(12) for t in (0, 2, 4)
    ]
    for one in found:
        assert 0.0 < one.next < 1.0
        assert (one.now is None) is not one.turn.seen
        assert one.now is None or 0.0 < one.now < 1.0


def test_the_same_file_is_predicted_the_same() -> None:
    for mode in MODES:
        assert run(day(), mode) == run(day(), mode)


def test_weights_as_they_are_learn_nothing() -> None:
    found = run(day(), "shipped")
    assert [one._replace(turn=found[0].turn) for one in found] == [
        one._replace(turn=found[0].turn) for one in run(list(map(flipped, day())), "shipped")
    ]
    assert run(day()[3:4], "shipped") == [one for one in found if one.conversation_id == "c3"]


@pytest.mark.parametrize("changed", range(0, 12, 3))
def test_online_a_label_changes_later_conversations_only(changed: int) -> None:
    told = day()
    other = [flipped(turns) if number == changed else turns for number, turns in enumerate(told)]
    before, after = run(told, "online"), run(other, "online")
    until, later = ([f"c{i}" for i in range(12) if (i > changed) is is_later] for is_later in (False, True))
    assert said(before, *until) == said(after, *until)
    assert all(said(before, name) != said(after, name) for name in later)


@pytest.mark.parametrize("changed", range(0, 12, 3))
def test_in_folds_a_label_changes_no_prediction_of_its_own_conversation(changed: int) -> None:
    told = day()
    other = [flipped(turns) if number == changed else turns for number, turns in enumerate(told)]
    before, after = run(told, "folds"), run(other, "folds")
    same = {name for name in (f"c{i}" for i in range(12)) if said(before, name) == said(after, name)}
    [own] = [part for part in evaluate.held_out_parts(read(told), 4) if f"c{changed}" in {one.id for one in part}]
    assert same == {one.id for one in own}


def test_folds_hold_out_everything_once() -> None:
    conversations = read(day())
    for number in (2, 5, 12, 50):
        held_out = [one.id for part in evaluate.held_out_parts(conversations, number) for one in part]
        assert sorted(held_out) == sorted(one.id for one in conversations)
        assert all(evaluate.held_out_parts(conversations, number))


def test_of_a_split_file_the_test_part_is_predicted_from_the_training_part() -> None:
    training, test = ([conversation(i, split, f"{split}{i}") for i in range(6)] for split in ("train", "test"))
    found = run([*test, *training], "folds")
    assert {one.conversation_id for one in found} == {f"test{i}" for i in range(6)}
    lessons = [one for turns in read(training) for one in dataset.build_examples(turns)]
    weights = train.fit(lessons, train.TrainingPlan(expert_weights()))
    assert found == evaluate.predict(read(test), "shipped", weights, CONFIG)
    values = said(found, *(f"test{i}" for i in range(6)))
    assert said(run([*map(flipped, test), *training], "folds"), *(f"test{i}" for i in range(6))) == values
    assert said(run([*test, *map(flipped, training)], "folds"), *(f"test{i}" for i in range(6))) != values


def test_predictions_are_what_a_learner_with_these_weights_says() -> None:
    learner, conversations = TextModelLearner(load_weights()), read(day(6))
    expected = [learner.predict(lesson) for one in conversations for lesson, _ in dataset.build_examples(one)]
    found = evaluate.predict(conversations, "shipped", load_weights(), CONFIG)
    for one, learned in zip(found, expected, strict=True):
        assert one.now == pytest.approx(learned.get("now"), abs=1e-6)
        assert one.next == pytest.approx(learned["next"], abs=1e-6)
        assert one.rise == (pytest.approx(learned["rise"], abs=1e-6) if one.turn.number else None)


def test_a_file_without_labels_is_refused() -> None:
    with pytest.raises(Failure, match="no labelled customer turn"):
        run([[turn("c", 0, "customer", "Hello")]], "shipped")


# The file of predictions


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("mode", MODES)
def test_the_file_has_what_the_scoring_of_labelled_turns_asks_for(tmp_path: Path, mode: str) -> None:
    """One line a labelled customer turn: ``next`` always, ``now`` where the turn was seen, all between 0 and 1."""
    rows = [one for turns in day() for one in turns]
    evaluate.write_predictions(tmp_path / "out.jsonl", run(day(), mode))
    found = {(one["conversation_id"], one["turn"]): one for one in lines(tmp_path / "out.jsonl")}
    asked = [one for one in rows if one["speaker"] == "customer" and one["frustrated"] is not None]
    assert list(found) == [(one["conversation_id"], one["turn"]) for one in asked]
    for row in asked:
        prediction = found[row["conversation_id"], row["turn"]]
        assert set(prediction) <= {"conversation_id", "turn", "now", "next", "rise"}
        assert ("now" in prediction) is (row["text"] is not None)
        assert "next" in prediction
        assert all(0.0 < prediction[name] < 1.0 for name in ("now", "next", "rise") if name in prediction)


def test_a_turn_that_was_seen_and_cannot_be_read_is_as_likely_as_it_was_expected_to_be(tmp_path: Path) -> None:
    evaluate.write_predictions(tmp_path / "out.jsonl", run([[turn("c", 1, "customer", "😡", frustrated=1)]], "shipped"))
    [one] = lines(tmp_path / "out.jsonl")
    assert one == {"conversation_id": "c", "turn": 1, "now": one["next"], "next": one["next"]}


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="cannot be written"):
        evaluate.write_predictions(tmp_path, run(day(2), "shipped"))


@pytest.mark.parametrize("mode", MODES)
def test_the_command(tmp_path: Path, mode: str) -> None:
    file = written(tmp_path / "day.jsonl", day())
    line = f"evaluate day.jsonl --mode {mode} --folds 3 --prior expert --out p.jsonl --json"
    found = json.loads(succeeded(tenor(tmp_path, line)))
    assert set(found["scores"]) == {"now", "next", "onset", "rise"} - ({"rise"} if mode == "shipped" else set())
    assert found["alarms"]["conversations"] == 12
    predictions = evaluate.predict(dataset.read_conversations(file), mode, expert_weights(), CONFIG, 3)
    evaluate.write_predictions(tmp_path / "same.jsonl", predictions)
    assert lines(tmp_path / "p.jsonl") == lines(tmp_path / "same.jsonl")


def test_the_command_prints_tables_for_people(tmp_path: Path) -> None:
    written(tmp_path / "day.jsonl", day())
    said = succeeded(tenor(tmp_path, "evaluate day.jsonl", COLUMNS="140"))
    assert all(name in said for name in ("now", "onset", "AUC", "12 conversations"))


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        ("", "evaluate file", "empty"),
        ("not json\n", "evaluate file --mode folds", "line 1"),
        (
            '{"conversation_id": "c", "turn": 0, "speaker": "customer", "text": "x", "frustrated": null}\n',
            "evaluate file",
            "label",
        ),
        (
            '{"conversation_id": "c", "turn": 0, "speaker": "customer", "text": "x", "frustrated": 0}\n',
            "evaluate file --prior file",
            "weights",
        ),
    ],
)
def test_the_command_fails_in_one_sentence(tmp_path: Path, content: str, line: str, word: str) -> None:
    (tmp_path / "file").write_text(content)
    assert_failure(tenor(tmp_path, line), word)
