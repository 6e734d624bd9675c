"""Scores of predictions: how well, how honestly, how soon. Pure; the questions of the yardstick."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.recordings.model import Truth
from agents.training.detection import DetectionPoint, auc, evaluate_detection
from agents.training.evaluate import Prediction, estimate_now

DRAWS = 300
BINS = 10
QUESTIONS = ("now", "next", "onset", "rise")


class ScoredAnswer(NamedTuple):
    """One answer to a question: the conversation, the predicted probability, and the truth."""

    conversation_id: str
    probability: float
    true: bool


ScoredAnswers = Sequence[ScoredAnswer]


class Score(NamedTuple):
    """How well one question was answered.

    Attributes:
        number: of answers.
        base: share of them that are true.
        auc: area under the ROC curve; low and high: 95 % interval, resampled by conversation.
        average_precision: area under precision over recall.
        calibration_error: mean distance of predicted from observed frequency, over ten bins.
    """

    number: int
    base: float
    auc: float
    low: float
    high: float
    average_precision: float
    calibration_error: float


def score_questions(predictions: Sequence[Prediction]) -> dict[str, Score]:
    """Scores by question, without questions whose answers are all true or all false."""
    answers = {name: list(answers_to(predictions, name)) for name in QUESTIONS}
    return {
        name: score_answers(answered)
        for name, answered in answers.items()
        if len({answer.true for answer in answered}) == 2
    }


def answers_to(predictions: Iterable[Prediction], question: str) -> Iterator[ScoredAnswer]:
    """The answers to one question: ``onset`` is ``next`` where the labelled turn before was not frustrated.

    In a file with a split, only the test part counts.
    """
    before: Prediction | None = None
    for prediction in predictions:
        known = before is not None and before.conversation_id == prediction.conversation_id
        probability, true = answer_to(prediction, before if known else None, question)
        if probability is not None and true is not None and prediction.turn.split in (None, "test"):
            yield ScoredAnswer(prediction.conversation_id, probability, true)
        before = prediction


def answer_to(prediction: Prediction, before: Prediction | None, question: str) -> tuple[float | None, bool | None]:
    """Predicted probability and truth; None where the question does not apply to this turn."""
    if question == "now":
        return estimate_now(prediction), prediction.turn.frustrated
    if question == "next":
        return (prediction.next, prediction.turn.frustrated) if before or not prediction.turn.seen else (None, None)
    if before is None:
        return None, None
    if question == "onset":
        return (None, None) if before.turn.frustrated else (prediction.next, prediction.turn.frustrated)
    if prediction.turn.intensity is None or before.turn.intensity is None:
        return None, None
    return prediction.rise, prediction.turn.intensity > before.turn.intensity


def score_answers(answers: ScoredAnswers) -> Score:
    low, high = bootstrap_interval(answers)
    probabilities, true = to_arrays(answers)
    return Score(
        number=len(answers),
        base=float(true.mean()),
        auc=area_under_roc(answers),
        low=low,
        high=high,
        average_precision=average_precision(probabilities, true),
        calibration_error=calibration_error(probabilities, true),
    )


def to_arrays(answers: ScoredAnswers) -> tuple[Any, Any]:
    return np.array([answer.probability for answer in answers]), np.array(
        [answer.true for answer in answers], dtype=bool
    )


def area_under_roc(answers: ScoredAnswers) -> float:
    value = auc([(answer.probability, answer.true) for answer in answers])
    return float("nan") if value is None else value


def bootstrap_interval(
    answers: ScoredAnswers, of: Callable[[ScoredAnswers], float] = area_under_roc
) -> tuple[float, float]:
    """95 % interval of a score, conversations drawn with replacement and a fixed seed."""
    groups: dict[str, list[ScoredAnswer]] = {}
    for answer in answers:
        groups.setdefault(answer.conversation_id, []).append(answer)
    conversations, rng = list(groups.values()), np.random.default_rng(0)
    drawn = (rng.integers(0, len(conversations), len(conversations)) for _ in range(DRAWS))
    values = [of([answer for index in indexes for answer in conversations[index]]) for indexes in drawn]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def average_precision(probabilities: Any, true: Any) -> float:
    """Mean precision at each true answer, highest probability first."""
    ranked = true[np.argsort(-probabilities, kind="stable")]
    return float((np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[ranked].mean())


def calibration_error(probabilities: Any, true: Any) -> float:
    """Expected calibration error over ``BINS`` bins of equal width."""
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    gaps = [abs(probabilities[bins == b].mean() - true[bins == b].mean()) * (bins == b).sum() for b in np.unique(bins)]
    return float(sum(gaps) / len(probabilities))


def evaluate_predictions(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """The whole evaluation as JSON types: scores by question, and alarms."""
    return {
        "scores": {name: score._asdict() for name, score in score_questions(predictions).items()},
        "alarms": evaluate_alarms(predictions),
    }


def evaluate_alarms(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """False alarms and delays, as ``agents.training.detection`` counts them."""
    points = [DetectionPoint(p.conversation_id, n, n, p.level, p.raised) for n, p in enumerate(predictions)]
    truths = [
        Truth(p.conversation_id, n, n, frustration=None, frustrated=bool(p.turn.frustrated))
        for n, p in enumerate(predictions)
    ]
    return evaluate_detection(points, truths)
