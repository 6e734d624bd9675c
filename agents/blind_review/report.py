"""Report of a blind review, from ClickHouse and the key: which replies people preferred, and whether they agree."""

from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from clickhouse_driver import Client

from agents.blind_review import key as keys
from agents.blind_review.key import ReviewKey
from agents.blind_review.preference import RaterPreference, average_by_pair, estimate_preference
from agents.blind_review.view import print_report
from agents.clickhouse.client import session
from agents.clickhouse.migrate import require_current
from agents.reports import ratings
from agents.reports.ratings import compare_arms, measure_agreement, report_agreement
from agents.settings.model import Settings
from streams.experiment.rater_agreement import Judgement
from streams.experiment.rating_comparison import QUESTIONS

__all__ = ["print_report", "report"]

Report = dict[str, Any]
Words = dict[Hashable, tuple[int, int]]

# The decisions, not the sheet, say which reply is the intervention's. If a rater answered twice, the later counts.
VERDICTS = """
SELECT decision_id, compared_with, rater_role || ' ' || rater_id AS rater,
    tupleElement(argMax(tuple(preferred), (event_time, event_id)), 1)
FROM rated
WHERE blinded
    AND decision_id IN (SELECT decision_id FROM decided WHERE available AND NOT control)
    AND compared_with IN (SELECT decision_id FROM decided WHERE available AND control)
GROUP BY decision_id, compared_with, rater
ORDER BY decision_id, compared_with, rater
"""
PREFERENCE_SCORES = {True: 1.0, False: 0.0, None: 0.5}


def report(settings: Settings, key_path: Path | None) -> Report:
    """Everything ``tenor blind-review report`` shows. None stands for insufficient data, with the reason.

    Args:
        key_path: key of one review; None for all blind comparisons, without lengths.
    """
    review_key = None if key_path is None else keys.read_key(key_path)
    require_current(settings)
    with session(settings) as client:
        return build_report(client, review_key)


def build_report(client: Client, review_key: ReviewKey | None) -> Report:
    preferences = [
        RaterPreference((intervention, control), rater, PREFERENCE_SCORES[value])
        for intervention, control, rater, value in client.execute(VERDICTS)
    ]
    words: Words = {}
    if review_key is not None:
        words = reply_lengths(review_key)
        preferences = [preference for preference in preferences if preference.pair in words]
    return {
        "pairs": len({preference.pair for preference in preferences}),
        "raters": len({preference.rater for preference in preferences}),
        "judgements": len(preferences),
        "neither": sum(preference.preferred == PREFERENCE_SCORES[None] for preference in preferences),
        "words": None if review_key is None else mean_words(preferences, words),
        "preference": estimate_preference(average_by_pair(preferences, words)),
        **report_ratings(client, preferences),
    }


def reply_lengths(review_key: ReviewKey) -> Words:
    """Words of both replies, by pair of decisions, in either order."""
    sides = [(pair.a, pair.b) for pair in review_key.pairs] + [(pair.b, pair.a) for pair in review_key.pairs]
    return {(left.decision_id, right.decision_id): (left.words, right.words) for left, right in sides}


def mean_words(preferences: Iterable[RaterPreference], words: Words) -> Report | None:
    """Mean length of the compared replies, words."""
    lengths = [words[pair] for pair in {preference.pair for preference in preferences}]
    if not lengths:
        return None
    intervention, control = np.mean(lengths, axis=0)
    return {"intervention": float(intervention), "control": float(control)}


def report_ratings(client: Client, preferences: Sequence[RaterPreference]) -> Report:
    """Agreement, and ratings by arm, of the compared replies."""
    compared = {decision for preference in preferences for decision in preference.pair}  # type: ignore[attr-defined]
    replies = [row for row in client.execute(ratings.REPLIES) if row[2] and row[0] in compared]
    arms = {decision: rest for decision, *rest in client.execute(ratings.ARMS)}
    preferred = (Judgement(*preference) for preference in preferences)
    return {
        "agreement": {"preferred": measure_agreement("preferred", preferred), **report_agreement(replies)},
        "by_arm": [compare_arms(replies, arms, question, blinded=True) for question in QUESTIONS],
    }
