"""Labels: what a rating says of a customer's message, for the text model to learn.

    frustrated set                          what the rater says; counts in full, whoever rates
    felt_understood false, resonance 1, 2   frustrated; weak
    felt_understood true, resonance 4, 5    not frustrated; weak

Weak labels judge a reply or a conversation, not a message, so they count less; and only from customers and reviewers:
an operator would judge their own reply. Two that disagree, a resonance of 3, and a rating of a decision that names no
message say nothing. What is not known is no label.

Outcomes are no labels. They are measured on the belief, which reads the text model: it would learn from itself.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

Rating = Mapping[str, Any]

WEAK_RATERS = ("customer", "reviewer")
POOR, GOOD = 2, 4


class MessageLabel(NamedTuple):
    """What is known of a message.

    Attributes:
        frustrated: whether its writer was.
        intensity: how much, 0 to 1; None when not said.
        weak: whether it was only concluded from a judgement of something else.
    """

    frustrated: bool
    intensity: float | None
    weak: bool


def mark(rating: Rating) -> MessageLabel | None:
    """What a rating says of the message it judges; None where it says nothing."""
    if rating["frustrated"] is not None:
        return MessageLabel(rating["frustrated"], rating["intensity"], weak=False)
    if rating["rater_role"] not in WEAK_RATERS or (rating["decision_id"] and not rating["message_id"]):
        return None
    concluded = {said for said in (of_understanding(rating), of_resonance(rating)) if said is not None}
    return MessageLabel(concluded.pop(), None, weak=True) if len(concluded) == 1 else None


def of_understanding(rating: Rating) -> bool | None:
    understood = rating["felt_understood"]
    return None if understood is None else not understood


def of_resonance(rating: Rating) -> bool | None:
    resonance = rating["resonance"]
    return None if resonance is None or POOR < resonance < GOOD else resonance <= POOR
