"""Compares ratings of replies under intervention with those under control. Pure.

Ratings of one conversation are not independent, so errors are clustered by conversation, which may be on both
sides. Unlike outcomes, ratings are not randomised: who is rated may depend on the intervention.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

from streams.experiment.rater_agreement import INSUFFICIENT

ENOUGH = 20
QUESTIONS = ("clarity", "tone", "resonance", "felt_understood")


class RatingAnswer(NamedTuple):
    """One answer to one question about the reply after a decision; yes counts 1, no 0."""

    conversation: Hashable
    control: bool
    value: float


def compare_ratings(ratings: Sequence[RatingAnswer]) -> dict[str, Any]:
    """Mean of both sides and intervention minus control with its 95 % interval, or why there is none."""
    sides = [[rating for rating in ratings if rating.control is control] for control in (False, True)]
    means = [float(np.mean([rating.value for rating in side])) if side else None for side in sides]
    summary = {
        "ratings": len(sides[0]),
        "ratings_control": len(sides[1]),
        "conversations": count_conversations(sides[0]),
        "conversations_control": count_conversations(sides[1]),
        "mean": means[0],
        "mean_control": means[1],
    }
    if min(map(count_conversations, sides)) < ENOUGH:
        return {**summary, "difference": None, "low": None, "high": None, "why_not": INSUFFICIENT}
    gap, margin = float(np.subtract(*np.array(means))), clustered_margin(sides, np.array(means))
    return {**summary, "difference": gap, "low": gap - margin, "high": gap + margin, "why_not": None}


def count_conversations(side: Sequence[RatingAnswer]) -> int:
    return len({rating.conversation for rating in side})


def clustered_margin(sides: Sequence[Sequence[RatingAnswer]], means: Any) -> float:
    """Half width of the 95 % interval of the difference: t · √Σ_c e_c², e_c what a conversation adds to the error."""
    errors: dict[Hashable, float] = defaultdict(float)
    for sign, side, mean in zip((1, -1), sides, means, strict=True):
        for rating in side:
            errors[rating.conversation] += sign * (rating.value - mean) / len(side)
    clusters = len(errors)
    variance = sum(error**2 for error in errors.values()) * clusters / (clusters - 1)
    return float(stdtrit(clusters - 1, 0.975) * variance**0.5)
