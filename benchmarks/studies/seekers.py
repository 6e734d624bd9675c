"""ESConv's ratings: what seekers said of the strategies used since they last rated. The rows stay where they are."""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SHARES = 3
STRATEGIES = (
    "Affirmation and Reassurance",
    "Greetings",
    "Others",
    "Providing Suggestions or Information",
    "Question",
    "Reflection of feelings",
    "Restatement or Paraphrasing",
    "Self-disclosure",
)
SAME = {
    "Questions": "Question",
    "Other": "Others",
    "Restatement": "Restatement or Paraphrasing",
    "Approval and Reassurance": "Affirmation and Reassurance",
    "Direct Guidance": "Providing Suggestions or Information",
    "Providing Suggestions": "Providing Suggestions or Information",
    "Information": "Providing Suggestions or Information",
}


class Rated(NamedTuple):
    """One rating of a seeker.

    Attributes:
        conversation: its name.
        used: strategies used since the rating before.
        feedback: 1 to 5.
        known: what was known before, and the position.
    """

    conversation: str
    used: frozenset[str]
    feedback: float
    known: tuple[float, ...]


class Reading(NamedTuple):
    """How ratings are read: every strategy since the rating before or the last turn's alone; length told or not."""

    last_turn_only: bool = False
    length_known: bool = True


AS_RATED = Reading()


def read(path: Path, source: str, reading: Reading = AS_RATED) -> list[Rated]:
    """Every rating of a source that a supporter turn stands before."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        conversations = [one for one in map(json.loads, lines) if one["src"] == source]
    return [rated for one in conversations for rated in ratings(one, reading)]


def ratings(conversation: dict[str, Any], reading: Reading) -> Iterator[Rated]:
    turns = conversation["dialog"]
    marks = [-1, *(i for i, turn in enumerate(turns) if turn.get("feedback") is not None)]
    earlier: list[float] = []
    before: frozenset[str] = frozenset()
    for start, end in pairwise(marks):
        supporting = [turn for turn in turns[start + 1 : end] if turn.get("strategies")]
        used = strategies(supporting[-1:] if reading.last_turn_only else supporting)
        feedback = float(turns[end]["feedback"])
        if used:
            place = position(end, len(turns), len(earlier))[0 if reading.length_known else SHARES :]
            yield Rated(conversation["conv"], used, feedback, (*place, *mood(conversation, earlier), *habits(before)))
        earlier, before = [*earlier, feedback], used


def strategies(turns: Iterable[dict[str, Any]]) -> frozenset[str]:
    return frozenset(SAME.get(name, name) for turn in turns for name in turn["strategies"])


def position(at: int, length: int, number: int) -> tuple[float, ...]:
    """Where in the conversation a rating stands. The length is known only afterwards: this stands for the stage."""
    share = at / length
    return share, share**2, share**3, float(np.log1p(at)), float(np.log1p(number)), float(not number)


def mood(conversation: dict[str, Any], earlier: Sequence[float]) -> tuple[float, ...]:
    """Intensity at the start, last and mean rating so far."""
    last, mean = (earlier[-1], float(np.mean(earlier))) if earlier else (0.0, 0.0)
    return float(conversation["init"] or 0), last, mean


def habits(before: frozenset[str]) -> tuple[float, ...]:
    """Which strategies stood before the rating before."""
    return tuple(float(name in before) for name in STRATEGIES)
