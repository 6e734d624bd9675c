"""Ratings of replies: whether the raters agree, and the ratings of intervention and control."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clickhouse_driver import Client

from agents.reports.ratings_view import print_ratings
from streams.experiment.rater_agreement import Agreement, Judgement, Level, agreement
from streams.experiment.rating_comparison import QUESTIONS, RatingAnswer, compare_ratings

__all__ = ["print_ratings", "report_ratings"]

Report = dict[str, Any]

NOT_RANDOM = (
    "Unless blind review selected them, rated replies are not a random sample: people rate what they notice. "
    "A difference between ratings that are not blinded is descriptive, not proof."
)

# If a rater rated a reply twice, the later rating counts.
REPLIES = """
SELECT decision_id, rater_role || ' ' || rater_id AS rater, blinded,
    argMax(clarity, event_time), argMax(tone, event_time), argMax(resonance, event_time),
    argMax(felt_understood, event_time)
FROM rated WHERE decision_id IS NOT NULL
GROUP BY decision_id, rater, blinded
ORDER BY decision_id, rater, blinded
"""
MARKS = """
SELECT tenant, conversation_id, message_id, rater_role || ' ' || rater_id AS rater, argMax(frustrated, event_time)
FROM rated WHERE message_id IS NOT NULL AND frustrated IS NOT NULL
GROUP BY tenant, conversation_id, message_id, rater
ORDER BY tenant, conversation_id, message_id, rater
"""
ARMS = """
SELECT d.decision_id, d.tenant, d.conversation_id, d.control
FROM decided AS d
WHERE d.available AND d.decision_id IN (SELECT assumeNotNull(decision_id) FROM rated WHERE decision_id IS NOT NULL)
"""
SCALE: tuple[Level, tuple[Any, ...]] = ("ordinal", (1, 2, 3, 4, 5))
YES_NO: tuple[Level, tuple[Any, ...]] = ("nominal", (False, True))
CHOICE: tuple[Level, tuple[Any, ...]] = ("nominal", (0.0, 0.5, 1.0))
SCALES = {
    "clarity": SCALE,
    "tone": SCALE,
    "resonance": SCALE,
    "felt_understood": YES_NO,
    "frustrated": YES_NO,
    "preferred": CHOICE,
}


def report_ratings(client: Client) -> Report:
    """Agreement of the raters, and ratings by arm. None stands for insufficient data, with the reason."""
    replies = client.execute(REPLIES)
    arms = {decision: rest for decision, *rest in client.execute(ARMS)}
    return {
        "replies": len({row[0] for row in replies}),
        "unknown_decisions": len({row[0] for row in replies} - arms.keys()),
        "agreement": {
            **report_agreement(replies),
            "frustrated": measure_agreement("frustrated", to_judgements(client.execute(MARKS))),
        },
        "by_arm": [
            compare_arms(replies, arms, question, blinded) for blinded in (True, False) for question in QUESTIONS
        ],
        "note": NOT_RANDOM,
    }


def report_agreement(replies: Sequence[Sequence[Any]]) -> dict[str, Report]:
    """Agreement on each question about a reply; the unit is the decision."""
    return {
        question: measure_agreement(
            question, (Judgement(row[0], row[1], row[column]) for row in replies if row[column] is not None)
        )
        for column, question in enumerate(QUESTIONS, 3)
    }


def measure_agreement(question: str, judgements: Iterable[Judgement]) -> Report:
    level, values = SCALES[question]
    found: Agreement = agreement(judgements, values, level)
    return {"level": level, **found._asdict()}


def to_judgements(rows: Iterable[Sequence[Any]]) -> Iterable[Judgement]:
    """Labels of messages; the unit is the message."""
    return (
        Judgement((tenant, conversation, message), rater, value) for tenant, conversation, message, rater, value in rows
    )


def compare_arms(
    replies: Iterable[Sequence[Any]], arms: Mapping[str, Sequence[Any]], question: str, blinded: bool
) -> Report:
    """Ratings of intervention and control; ``arms``: tenant, conversation and whether control, by decision."""
    column = 3 + QUESTIONS.index(question)
    known = [row for row in replies if row[2] == blinded and row[column] is not None and row[0] in arms]
    rated = [RatingAnswer(tuple(arms[row[0]][:2]), arms[row[0]][2], float(row[column])) for row in known]
    return {"question": question, "blinded": blinded, **compare_ratings(rated)}
