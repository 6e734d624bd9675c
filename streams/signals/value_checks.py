"""Range checks of a producer's numbers: an implausible one becomes null, with the reason. Never a guess."""

from collections.abc import Mapping
from math import isfinite


def check_values(
    sent: Mapping[str, float | None], least: float, most: float
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Features and the reasons of those that are null: ``not_sent``, ``not_finite`` or ``out_of_range``."""
    reasons = {name: reason for name, value in sent.items() if (reason := find_problem(value, least, most))}
    return {name: None if name in reasons else value for name, value in sent.items()}, reasons


def find_problem(value: float | None, least: float, most: float) -> str | None:
    """Why a number is implausible; None when it is plausible."""
    if value is None:
        return "not_sent"
    if not isfinite(value):
        return "not_finite"
    return None if least <= value <= most else "out_of_range"
