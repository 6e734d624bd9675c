"""Scores, by examples small enough to work out by hand."""

import json

import numpy as np
import pytest
from rich.console import Console

from agents.training import scores, scores_view
from agents.training.dataset import LabelledTurn
from agents.training.evaluate import Prediction
from agents.training.scores import ScoredAnswer


def items(*pairs: tuple[float, bool], conversation: str = "c") -> list[ScoredAnswer]:
    return [ScoredAnswer(conversation, said, true) for said, true in pairs]


def prediction(
    conversation: str,
    number: int,
    frustrated: bool,
    said: float = 0.5,
    intensity: float | None = None,
    **changes: object,
) -> Prediction:
    turn = LabelledTurn(number, seen=True, frustrated=frustrated, intensity=intensity, split=None)
    return Prediction(conversation, turn, now=said, next=said, rise=None, level=said, raised=False)._replace(**changes)


@pytest.mark.parametrize(
    ("pairs", "area"),
    [
        ([(0.9, True), (0.1, False)], 1.0),
        ([(0.1, True), (0.9, False)], 0.0),
        ([(0.5, True), (0.5, False)], 0.5),
        ([(0.2, False), (0.5, True), (0.5, False), (0.9, True)], 3.5 / 4),
        ([(0.5, True), (0.5, True), (0.5, False), (0.1, False), (0.6, False)], (0.5 + 1 + 0) * 2 / 6),
    ],
)
def test_the_area_counts_ties_half(pairs: list[tuple[float, bool]], area: float) -> None:
    assert scores.area_under_roc(items(*pairs)) == pytest.approx(area)


def test_of_one_kind_of_truth_there_is_no_area() -> None:
    assert np.isnan(scores.area_under_roc(items((0.5, True), (0.6, True))))


def test_average_precision_is_the_mean_precision_at_each_true_answer() -> None:
    said, true = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, False, True, False])
    assert scores.average_precision(said, true) == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert scores.average_precision(said[::-1], true) == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_calibration_error_is_the_mean_distance_of_what_was_said_from_what_came_true() -> None:
    said, true = np.array([0.1, 0.1, 0.85, 0.95, 1.0]), np.array([False, True, True, True, False])
    # bins: .1 .1 came true half the time; .85 always; .95 and 1 half the time
    expected = (2 * abs(0.1 - 0.5) + 1 * abs(0.85 - 1.0) + 2 * abs(0.975 - 0.5)) / 5
    assert scores.calibration_error(said, true) == pytest.approx(expected)
    assert scores.calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0.0


def test_an_interval_is_drawn_by_conversation_not_by_turn() -> None:
    """The same turns copied within their conversations tell nothing new, in more conversations they do."""
    rng = np.random.default_rng(1)
    few = [ScoredAnswer(str(c), float(rng.normal(c % 2, 1.5)), bool(c % 2)) for c in range(40)]
    copied = [one for one in few for _ in range(10)]
    apart = [one._replace(conversation_id=f"{one.conversation_id}/{i}") for one in few for i in range(10)]
    wide, same, narrow = (high - low for low, high in map(scores.bootstrap_interval, (few, copied, apart)))
    assert same == pytest.approx(wide)
    assert narrow < wide / 2
    low, high = scores.bootstrap_interval(few)
    assert low < scores.area_under_roc(few) < high
    assert scores.bootstrap_interval(few) == (low, high)


def test_each_question_is_asked_of_the_turns_it_makes_sense_for() -> None:
    unseen = LabelledTurn(0, seen=False, frustrated=True, intensity=None, split=None)
    predictions = [
        prediction("a", 0, False, 0.1, intensity=0.0),
        prediction("a", 2, True, 0.2, intensity=0.5, rise=0.7),
        prediction("a", 4, True, 0.3, intensity=0.5, rise=0.4),
        prediction("a", 6, False, 0.4),
        prediction("b", 0, True, 0.5),
        Prediction("c", unseen, now=None, next=0.6, rise=None, level=0.0, raised=False),
    ]
    asked = {
        name: [(answer.probability, answer.true) for answer in scores.answers_to(predictions, name)]
        for name in scores.QUESTIONS
    }
    assert asked["now"] == [(0.1, False), (0.2, True), (0.3, True), (0.4, False), (0.5, True)]
    assert asked["next"] == [(0.2, True), (0.3, True), (0.4, False), (0.6, True)]
    assert asked["onset"] == [(0.2, True)]
    assert asked["rise"] == [(0.7, True), (0.4, False)]


def test_of_a_split_file_the_test_part_alone_is_scored() -> None:
    parts = [("train", 0.1), ("test", 0.2), (None, 0.3)]
    one = prediction("a", 0, True)
    predictions = [one._replace(turn=one.turn._replace(split=split), now=said) for split, said in parts]
    assert [answer.probability for answer in scores.answers_to(predictions, "now")] == [0.2, 0.3]


def test_a_question_with_one_kind_of_truth_is_left_out() -> None:
    predictions = [prediction(str(c), n, n == 2, 0.1 * n) for c in range(3) for n in (0, 2)]
    assert set(scores.score_questions(predictions)) == {"now"}
    found = scores.score_questions(predictions)["now"]
    assert (found.number, found.base, found.auc, found.average_precision) == (6, 0.5, 1.0, 1.0)
    assert found.calibration_error == pytest.approx((0.0 + 0.8) / 2)


def test_alarms_are_counted_as_detection_counts_them() -> None:
    predictions = [
        *(prediction("quiet", 0, False), prediction("alarmed", 0, False, raised=True)),
        *(prediction("late", 0, False), prediction("late", 2, True), prediction("late", 4, True, raised=True)),
        *(prediction("early", 0, False, raised=True), prediction("early", 2, True, raised=True)),
        prediction("missed", 0, True),
    ]
    found = scores.evaluate_alarms(predictions)
    assert (found["conversations"], found["frustrated"], found["quiet"]) == (5, 3, 2)
    assert (found["hits"], found["misses"], found["false_alarms"]) == (2, 1, 1)
    assert found["false_alarms_per_1000_quiet"] == 500.0
    assert found["delay_turns"]["mean"] == 0.0  # one turn late, one turn early


def test_an_evaluation_is_json_for_machines_and_a_table_for_people() -> None:
    predictions = [prediction(str(c), n, n == 2, 0.1 * n) for c in range(3) for n in (0, 2)]
    found = scores.evaluate_predictions(predictions)
    assert json.loads(json.dumps(found)) == found
    console = Console(width=140, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    scores_view.print_scores(found, console)
    shown = console.export_text()
    assert "frustrated, after reading the turn" in shown
    assert "3 conversations, 3 with a frustrated turn" in shown
    assert "on average – turns after" in shown
