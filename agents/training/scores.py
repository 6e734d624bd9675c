"""Scores of predictions: how well, how honestly, how soon. Pure; the questions of the yardstick."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.recordings.model import Truth
from agents.training.detection import DetectionPoint, auc, detection
from agents.training.evaluate import Prediction, now_of

DRAWS = 300
BINS = 10
QUESTIONS = ("now", "next", "onset", "rise")


class ScoredAnswer(NamedTuple):
    """One answer to a question: whose, the probability given, and the truth."""

    conversation_id: str
    said: float
    true: bool


Scored = Sequence[ScoredAnswer]


class Score(NamedTuple):
    """How well one question was answered.

    Attributes:
        number: of answers.
        base: share of them that are true.
        auc: area under the ROC curve; low and high: 95 % interval, resampled by conversation.
        average_precision: area under precision over recall.
        calibration_error: mean distance of what was said from what came true, over ten bins.
    """

    number: int
    base: float
    auc: float
    low: float
    high: float
    average_precision: float
    calibration_error: float


def scores(predictions: Sequence[Prediction]) -> dict[str, Score]:
    """Scores by question; a question with one kind of truth only is left out."""
    asked = {name: list(items(predictions, name)) for name in QUESTIONS}
    return {name: score(found) for name, found in asked.items() if len({one.true for one in found}) == 2}


def items(predictions: Iterable[Prediction], question: str) -> Iterator[ScoredAnswer]:
    """The answers to one question: ``onset`` is ``next`` where the labelled turn before was not frustrated.

    Of a file with a split, the test part alone counts.
    """
    before: Prediction | None = None
    for one in predictions:
        known = before is not None and before.conversation_id == one.conversation_id
        said, true = answer(one, before if known else None, question)
        if said is not None and true is not None and one.turn.split in (None, "test"):
            yield ScoredAnswer(one.conversation_id, said, true)
        before = one


def answer(one: Prediction, before: Prediction | None, question: str) -> tuple[float | None, bool | None]:
    """What was said and what is true; None where the question is not asked of this turn."""
    if question == "now":
        return now_of(one), one.turn.frustrated
    if question == "next":
        return (one.next, one.turn.frustrated) if before or not one.turn.seen else (None, None)
    if before is None:
        return None, None
    if question == "onset":
        return (None, None) if before.turn.frustrated else (one.next, one.turn.frustrated)
    if one.turn.intensity is None or before.turn.intensity is None:
        return None, None
    return one.rise, one.turn.intensity > before.turn.intensity


def score(found: Scored) -> Score:
    low, high = interval(found)
    said, true = arrays(found)
    return Score(
        number=len(found),
        base=float(true.mean()),
        auc=area(found),
        low=low,
        high=high,
        average_precision=average_precision(said, true),
        calibration_error=calibration_error(said, true),
    )


def arrays(found: Scored) -> tuple[Any, Any]:
    return np.array([one.said for one in found]), np.array([one.true for one in found], dtype=bool)


def area(found: Scored) -> float:
    value = auc([(one.said, one.true) for one in found])
    return float("nan") if value is None else value


def interval(found: Scored, of: Callable[[Scored], float] = area) -> tuple[float, float]:
    """95 % interval of a score, conversations drawn with replacement and a fixed seed."""
    groups: dict[str, list[ScoredAnswer]] = {}
    for one in found:
        groups.setdefault(one.conversation_id, []).append(one)
    every, rng = list(groups.values()), np.random.default_rng(0)
    drawn = (rng.integers(0, len(every), len(every)) for _ in range(DRAWS))
    values = [of([one for index in picked for one in every[index]]) for picked in drawn]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def average_precision(said: Any, true: Any) -> float:
    """Mean precision at each true answer, highest probability first."""
    ranked = true[np.argsort(-said, kind="stable")]
    return float((np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[ranked].mean())


def calibration_error(said: Any, true: Any) -> float:
    """Expected calibration error over ``BINS`` bins of equal width."""
    place = np.minimum((said * BINS).astype(int), BINS - 1)
    gaps = [abs(said[place == b].mean() - true[place == b].mean()) * (place == b).sum() for b in np.unique(place)]
    return float(sum(gaps) / len(said))


def evaluation(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """All of it, for machines: scores by question, and the alarms."""
    return {"scores": {name: one._asdict() for name, one in scores(predictions).items()}, "alarms": alarms(predictions)}


def alarms(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """False alarms and delays of the belief, as ``agents.training.detection`` counts them."""
    points = [DetectionPoint(p.conversation_id, n, n, p.level, p.raised) for n, p in enumerate(predictions)]
    truths = [
        Truth(p.conversation_id, n, n, frustration=None, frustrated=bool(p.turn.frustrated))
        for n, p in enumerate(predictions)
    ]
    return detection(points, truths)
