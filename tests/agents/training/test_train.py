"""Labelled files to weights."""

from pathlib import Path

import pytest

from agents.common.errors import Failure
from agents.training import dataset, train
from agents.training.train import Examples, TrainingPlan
from streams.text_model import weights
from streams.text_model.dialogue_state import BASE_RATE
from streams.text_model.learner import TextModelLearner
from streams.text_model.pretrained import WEIGHTS, load_weights
from streams.text_model.prior import expert_weights
from streams.text_model.weights import PLACES
from tests.support.data.command_line import assert_failure, succeeded, tenor
from tests.support.data.labelled_conversations import conversation, day, turn, written


def lessons() -> Examples:
    return [
        one
        for turns in day()
        for one in dataset.build_examples(dataset.build_conversation(turns[0]["conversation_id"], turns))
    ]


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    file = written(tmp_path / "day.jsonl", day())
    for name in ("one", "other"):
        assert train.train([file], tmp_path / name, TrainingPlan(None)) == 36
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert train.read_weights(tmp_path / "one") == train.fit(lessons(), TrainingPlan(None))


def test_several_files_are_learned_in_their_order(tmp_path: Path) -> None:
    first, second = (written(tmp_path / str(i), day()[6 * i : 6 * i + 6]) for i in (0, 1))
    both = written(tmp_path / "both", day())
    assert train.train([first, second], tmp_path / "w", TrainingPlan(None)) == 36
    train.train([both], tmp_path / "all", TrainingPlan(None))
    assert (tmp_path / "w").read_bytes() == (tmp_path / "all").read_bytes()


def test_what_is_learned_fits_what_was_shown() -> None:
    learner = TextModelLearner(train.fit(lessons(), TrainingPlan(None)))
    for features, label in lessons():
        said = learner.predict(features)
        assert (said.get("now", said["next"]) > 0.5) is label.frustrated


def test_more_passes_fit_closer() -> None:
    def error(epochs: int) -> float:
        learner = TextModelLearner(train.fit(lessons(), TrainingPlan(None, epochs=epochs)))
        return sum(abs(learner.predict(features)["next"] - bool(label.frustrated)) for features, label in lessons())

    assert error(8) < error(1)


def test_what_only_says_how_often_turns_are_frustrated_can_be_left_as_it_was() -> None:
    prior = expert_weights()
    kept, learned = (train.fit(lessons(), TrainingPlan(prior, base_rate=base_rate)) for base_rate in (False, True))
    for place in BASE_RATE:
        assert (kept.now[place], kept.next[place]) == (prior.now[place], prior.next[place])
    assert learned.next[PLACES["bias"]] != prior.next[PLACES["bias"]]
    assert kept.version != prior.version


@pytest.mark.parametrize(("name", "known"), [("shipped", load_weights()), ("expert", expert_weights()), ("none", None)])
def test_weights_go_by_names(name: str, known: weights.Weights | None) -> None:
    assert train.resolve_weights(name) == known


def test_weights_go_by_files() -> None:
    assert train.resolve_weights(str(WEIGHTS)) == load_weights()


def test_a_file_of_something_else_is_no_weights(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"something else")
    with pytest.raises(Failure, match="not weights of a text model"):
        train.resolve_weights(str(tmp_path / "weights"))
    with pytest.raises(Failure, match="cannot be read"):
        train.resolve_weights(str(tmp_path / "nowhere"))


def test_files_without_a_label_are_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "day.jsonl", [[turn("c", 0, "customer", "Hello")]])
    with pytest.raises(Failure, match="no labelled customer turn"):
        train.train([file], tmp_path / "w", TrainingPlan(None))
    assert not (tmp_path / "w").exists()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = written(tmp_path / "day.jsonl", [conversation(1)])
    with pytest.raises(Failure, match="cannot be written"):
        train.train([file], tmp_path, TrainingPlan(None))


def test_the_command(tmp_path: Path) -> None:
    written(tmp_path / "day.jsonl", day(4))
    said = succeeded(tenor(tmp_path, "train day.jsonl --out w.bin --prior none --epochs 2 --no-base-rate"))
    assert "trained on 12 labelled turns" in said
    plan = TrainingPlan(None, epochs=2, base_rate=False)
    train.train([tmp_path / "day.jsonl"], tmp_path / "same.bin", plan)
    assert (tmp_path / "w.bin").read_bytes() == (tmp_path / "same.bin").read_bytes()


def test_the_command_fails_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("not json\n")
    assert_failure(tenor(tmp_path, "train bad.jsonl --out w.bin"), "line 1")
    assert not (tmp_path / "w.bin").exists()
