"""Detection: what was raised, beside what people who know say of the same turns. Pure.

A turn is truly frustrated from 0.5 up, or by its label where only that is known.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import Any, NamedTuple

import numpy as np

from agents.recordings.model import Truth

FRUSTRATED = 0.5

Labelled = list[tuple[float, bool]]


class DetectionPoint(NamedTuple):
    """What detection needs of a trajectory point; ``at`` is its event time, milliseconds."""

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
            None where there is not both.
        turns: level and truth of every turn that has both.
    """

    frustrated: bool
    raised: bool
    delay: int | None
    turns: Labelled


def detection(points: Iterable[DetectionPoint], truths: Iterable[Truth]) -> dict[str, Any]:
    """How well raised conversations match truly frustrated ones. None stands for what cannot be said yet."""
    seen, known = by_conversation(points), by_conversation(truths)
    judged = [judge(seen.get(name, []), truth) for name, truth in known.items()]
    frustrated = [one for one in judged if one.frustrated]
    quiet = [one for one in judged if not one.frustrated]
    false_alarms = sum(one.raised for one in quiet)
    hits = sum(one.raised for one in frustrated)
    return {
        "conversations": len(judged),
        "without_points": len(known.keys() - seen.keys()),
        "frustrated": len(frustrated),
        "quiet": len(quiet),
        "hits": hits,
        "misses": len(frustrated) - hits,
        "false_alarms": false_alarms,
        "false_alarms_per_1000_quiet": 1000 * false_alarms / len(quiet) if quiet else None,
        "delay_turns": spread([one.delay for one in judged if one.delay is not None]),
        "turns": sum(len(one.turns) for one in judged),
        "auc": auc([turn for one in judged for turn in one.turns]),
    }


def by_conversation(rows: Iterable[Any]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.conversation_id].append(row)
    return grouped


def judge(points: Sequence[DetectionPoint], truths: Sequence[Truth]) -> DetectionResult:
    """One conversation. Times match where a recording kept them, turn numbers where it was moved in time."""
    points = sorted(points, key=lambda point: (point.at, point.turn))
    moved = not {point.at for point in points} & {truth.event_time for truth in truths}
    places = [point.turn if moved else point.at for point in points]
    truth_at = {(truth.turn if moved else truth.event_time): is_frustrated(truth) for truth in truths}
    onset = min((place for place, frustrated in truth_at.items() if frustrated), default=None)
    raised = next((index for index, point in enumerate(points) if point.raised), None)
    turns = [(p.level, truth_at[place]) for p, place in zip(points, places, strict=True) if place in truth_at]
    return DetectionResult(onset is not None, raised is not None, delay(places, onset, raised), turns)


def is_frustrated(truth: Truth) -> bool:
    return truth.frustrated if truth.frustration is None else truth.frustration >= FRUSTRATED


def delay(places: Sequence[int], onset: int | None, raised: int | None) -> int | None:
    """Turns between onset (a place) and raise (an index into the places)."""
    if onset is None or raised is None:
        return None
    first = next((index for index, place in enumerate(places) if place >= onset), None)
    return None if first is None else raised - first


def spread(delays: Sequence[int]) -> dict[str, float | None]:
    return {"median": median(delays) if delays else None, "mean": fmean(delays) if delays else None}


def auc(turns: Labelled) -> float | None:
    """Chance that a truly frustrated turn has a higher level than a quiet one; None without both kinds."""
    truth = np.array([frustrated for _, frustrated in turns], dtype=bool)
    positive, negative = int(truth.sum()), int((~truth).sum())
    if not positive or not negative:
        return None
    _, place, count = np.unique([level for level, _ in turns], return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2  # ties share the mean of their ranks
    above = rank[place][truth].sum() - positive * (positive + 1) / 2
    return float(above / (positive * negative))
