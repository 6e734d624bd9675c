"""Report of a blind review, from ClickHouse and the key: which replies people preferred, and whether they agree."""

from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from clickhouse_driver import Client

from agents.blind_review import key as keys
from agents.blind_review.key import ReviewKey
from agents.blind_review.preference import RaterPreference, judged, preference
from agents.blind_review.view import render
from agents.clickhouse.client import session
from agents.clickhouse.migrate import require_current
from agents.reports import ratings
from agents.reports.ratings import agreed, agreements, by_arm
from agents.settings.model import Settings
from streams.experiment.rater_agreement import Judgement
from streams.experiment.rating_comparison import QUESTIONS

__all__ = ["render", "report"]

Report = dict[str, Any]
Words = dict[Hashable, tuple[int, int]]

# Which reply is the intervention's is the decisions' to say, not the sheet's. Who judged twice counts with the later.
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
WORTH = {True: 1.0, False: 0.0, None: 0.5}


def report(settings: Settings, key_path: Path | None) -> Report:
    """Everything ``tenor blind-review report`` shows. What cannot be said yet is None, with the reason beside it.

    Args:
        key_path: of one review; None takes every blind comparison there is, and knows no lengths.
    """
    sealed = None if key_path is None else keys.read(key_path)
    require_current(settings)
    with session(settings) as client:
        return gathered(client, sealed)


def gathered(client: Client, sealed: ReviewKey | None) -> Report:
    verdicts = [
        RaterPreference((one, other), rater, WORTH[said]) for one, other, rater, said in client.execute(VERDICTS)
    ]
    words: Words = {}
    if sealed is not None:
        words = lengths(sealed)
        verdicts = [verdict for verdict in verdicts if verdict.pair in words]
    return {
        "pairs": len({verdict.pair for verdict in verdicts}),
        "raters": len({verdict.rater for verdict in verdicts}),
        "judgements": len(verdicts),
        "neither": sum(verdict.preferred == WORTH[None] for verdict in verdicts),
        "words": None if sealed is None else mean_words(verdicts, words),
        "preference": preference(judged(verdicts, words)),
        **of_replies(client, verdicts),
    }


def lengths(sealed: ReviewKey) -> Words:
    """Words of both replies, by pair of decisions, in either order."""
    sides = [(pair.a, pair.b) for pair in sealed.pairs] + [(pair.b, pair.a) for pair in sealed.pairs]
    return {(one.decision_id, other.decision_id): (one.words, other.words) for one, other in sides}


def mean_words(verdicts: Iterable[RaterPreference], words: Words) -> Report | None:
    """Mean length of the replies that were judged."""
    found = [words[pair] for pair in {verdict.pair for verdict in verdicts}]
    if not found:
        return None
    intervention, control = np.mean(found, axis=0)
    return {"intervention": float(intervention), "control": float(control)}


def of_replies(client: Client, verdicts: Sequence[RaterPreference]) -> Report:
    """Agreement, and ratings by arm, of the replies that were compared."""
    compared = {decision for verdict in verdicts for decision in verdict.pair}  # type: ignore[attr-defined]
    replies = [row for row in client.execute(ratings.REPLIES) if row[2] and row[0] in compared]
    arms = {decision: rest for decision, *rest in client.execute(ratings.ARMS)}
    preferred = (Judgement(*verdict) for verdict in verdicts)
    return {
        "agreement": {"preferred": agreed("preferred", preferred), **agreements(replies)},
        "by_arm": [by_arm(replies, arms, question, blinded=True) for question in QUESTIONS],
    }
