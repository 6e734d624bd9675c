"""Labels for the text model, derived from ratings.

What a rating says about a customer's message:

    frustrated set                          the rater's answer; full weight, whoever rates
    felt_understood false, resonance 1, 2   frustrated; weak
    felt_understood true, resonance 4, 5    not frustrated; weak

Weak labels rate a reply or a conversation, not a message, so they count less. Only those of customers and reviewers
count: an operator would rate their own reply. Two weak labels that disagree, a resonance of 3, and a rating of a
decision that names no message give no label.

Outcomes are not labels. They are measured on the level, which depends on the text model: the model would learn from
itself.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

Rating = Mapping[str, Any]

WEAK_RATERS = ("customer", "reviewer")
POOR, GOOD = 2, 4


class MessageLabel(NamedTuple):
    """The label of one message.

    Attributes:
        frustrated: whether the writer was frustrated.
        intensity: how much, 0 to 1; None when not said.
        weak: whether it is derived from a rating of something else.
    """

    frustrated: bool
    intensity: float | None
    weak: bool


def label_rating(rating: Rating) -> MessageLabel | None:
    """The label a rating gives its message; None where it gives none."""
    if rating["frustrated"] is not None:
        return MessageLabel(rating["frustrated"], rating["intensity"], weak=False)
    if rating["rater_role"] not in WEAK_RATERS or (rating["decision_id"] and not rating["message_id"]):
        return None
    labels = {label for label in (label_understanding(rating), label_resonance(rating)) if label is not None}
    return MessageLabel(labels.pop(), None, weak=True) if len(labels) == 1 else None


def label_understanding(rating: Rating) -> bool | None:
    understood = rating["felt_understood"]
    return None if understood is None else not understood


def label_resonance(rating: Rating) -> bool | None:
    resonance = rating["resonance"]
    return None if resonance is None or POOR < resonance < GOOD else resonance <= POOR
