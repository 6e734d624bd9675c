"""Detection: raised turns compared with the labels of the same turns. Pure.

A turn is truly frustrated from an intensity of 0.5, or by its label where only that is known.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import Any, NamedTuple

import numpy as np

from agents.recordings.model import Truth

FRUSTRATED = 0.5

LabelledLevels = list[tuple[float, bool]]


class DetectionPoint(NamedTuple):
    """The fields of a trajectory point that detection needs; ``at`` is its event time, milliseconds."""

    conversation_id: str
    turn: int
    at: int
    level: float
    raised: bool


class DetectionResult(NamedTuple):
    """One conversation with its truth.

    Attributes:
        frustrated: whether any turn truly was.
        raised: whether frustration ever counted as raised.
        delay: turns from the first truly frustrated to the first raised one, negative when raised before;
            None without both.
        turns: level and truth of every turn that has both.
    """

    frustrated: bool
    raised: bool
    delay: int | None
    turns: LabelledLevels


def evaluate_detection(points: Iterable[DetectionPoint], truths: Iterable[Truth]) -> dict[str, Any]:
    """How well raised conversations match truly frustrated ones. None stands for insufficient data."""
    seen, known = group_by_conversation(points), group_by_conversation(truths)
    results = [match_conversation(seen.get(name, []), truth) for name, truth in known.items()]
    frustrated = [result for result in results if result.frustrated]
    quiet = [result for result in results if not result.frustrated]
    false_alarms = sum(result.raised for result in quiet)
    hits = sum(result.raised for result in frustrated)
    return {
        "conversations": len(results),
        "without_points": len(known.keys() - seen.keys()),
        "frustrated": len(frustrated),
        "quiet": len(quiet),
        "hits": hits,
        "misses": len(frustrated) - hits,
        "false_alarms": false_alarms,
        "false_alarms_per_1000_quiet": 1000 * false_alarms / len(quiet) if quiet else None,
        "delay_turns": summarize_delays([result.delay for result in results if result.delay is not None]),
        "turns": sum(len(result.turns) for result in results),
        "auc": auc([turn for result in results for turn in result.turns]),
    }


def group_by_conversation(rows: Iterable[Any]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.conversation_id].append(row)
    return grouped


def match_conversation(points: Sequence[DetectionPoint], truths: Sequence[Truth]) -> DetectionResult:
    """Match one conversation with its truth: by event time, or by turn number where a replay moved the times."""
    points = sorted(points, key=lambda point: (point.at, point.turn))
    moved = not {point.at for point in points} & {truth.event_time for truth in truths}
    places = [point.turn if moved else point.at for point in points]
    truth_at = {(truth.turn if moved else truth.event_time): is_frustrated(truth) for truth in truths}
    onset = min((place for place, frustrated in truth_at.items() if frustrated), default=None)
    raised = next((index for index, point in enumerate(points) if point.raised), None)
    turns = [(p.level, truth_at[place]) for p, place in zip(points, places, strict=True) if place in truth_at]
    return DetectionResult(onset is not None, raised is not None, count_delay(places, onset, raised), turns)


def is_frustrated(truth: Truth) -> bool:
    return truth.frustrated if truth.frustration is None else truth.frustration >= FRUSTRATED


def count_delay(places: Sequence[int], onset: int | None, raised: int | None) -> int | None:
    """Turns between the onset (one of ``places``) and the raise (an index into ``places``)."""
    if onset is None or raised is None:
        return None
    first = next((index for index, place in enumerate(places) if place >= onset), None)
    return None if first is None else raised - first


def summarize_delays(delays: Sequence[int]) -> dict[str, float | None]:
    return {"median": median(delays) if delays else None, "mean": fmean(delays) if delays else None}


def auc(turns: LabelledLevels) -> float | None:
    """Probability that a truly frustrated turn has a higher level than a quiet one; None without both kinds."""
    truth = np.array([frustrated for _, frustrated in turns], dtype=bool)
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return None
    _, place, count = np.unique([level for level, _ in turns], return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2  # ties share the mean of their ranks
    above = rank[place][truth].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))
