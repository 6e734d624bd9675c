"""How often the intervention's reply was preferred, and how much of that its length explains. Pure.

The pair is the unit: each counts once, with the mean of its raters; "neither" counts half. AI replies that people
preferred were four times as long (Ayers et al., JAMA Intern Med 2023), so preference is always shown with length.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import expit, stdtrit

from streams.experiment.proportions import wilson
from streams.experiment.rater_agreement import INSUFFICIENT
from streams.experiment.rating_comparison import ENOUGH

Report = dict[str, Any]

STEPS = 50
SEPARATED = "length alone predicts the preference, or does not vary"


class RaterPreference(NamedTuple):
    """One rater's preference in one pair: 1 for the intervention's reply, 0 for control's, .5 for neither."""

    pair: Hashable
    rater: Hashable
    preferred: float


class PairPreference(NamedTuple):
    """One pair: mean preference, and log(words of the intervention's reply / words of control's); None when unknown."""

    preferred: float
    log_ratio: float | None


def average_by_pair(
    preferences: Iterable[RaterPreference], words: Mapping[Hashable, tuple[int, int]]
) -> list[PairPreference]:
    """Average the preferences by pair. ``words``: lengths of the intervention's and of control's reply, if known."""
    preferred: dict[Hashable, list[float]] = defaultdict(list)
    for preference in preferences:
        preferred[preference.pair].append(preference.preferred)
    return [PairPreference(float(np.mean(values)), log_ratio(words.get(pair))) for pair, values in preferred.items()]


def log_ratio(words: tuple[int, int] | None) -> float | None:
    return None if words is None else float(np.log(words[0] / words[1]))


def estimate_preference(pairs: Sequence[PairPreference]) -> Report:
    """Preference over all pairs, where the intervention's reply was longer or shorter, and at equal length."""
    ratios = [(pair, pair.log_ratio) for pair in pairs if pair.log_ratio is not None]
    known = [pair for pair, _ in ratios]
    return {
        "all": estimate_share([pair.preferred for pair in pairs]),
        "longer": estimate_share([pair.preferred for pair, ratio in ratios if ratio > 0]),
        "shorter": estimate_share([pair.preferred for pair, ratio in ratios if ratio < 0]),
        "at_equal_length": estimate_at_equal_length(known),
        "longer_reply": estimate_share(
            [pair.preferred if ratio > 0 else 1 - pair.preferred for pair, ratio in ratios if ratio]
        ),
    }


def estimate_share(values: Sequence[float]) -> Report:
    """Mean with its 95 % interval, or why there is none.

    Wilson's, with pairs as trials. Ties and several raters only make the mean vary less than a coin would, so the
    interval is rather too wide than too narrow.
    """
    if len(values) < ENOUGH:
        return no_estimate(len(values), INSUFFICIENT)
    low, high = wilson(sum(values), len(values))
    return {"pairs": len(values), "share": float(np.mean(values)), "low": low, "high": high, "why_not": None}


def estimate_at_equal_length(pairs: Sequence[PairPreference]) -> Report:
    """Preference if both replies were equally long: intercept of a logistic regression on the log length ratio.

    Fractional response with a robust (sandwich) error (Papke & Wooldridge 1996), so that the pair stays the unit.
    """
    if len(pairs) < ENOUGH:
        return no_estimate(len(pairs), INSUFFICIENT)
    design = np.array([[1.0, pair.log_ratio] for pair in pairs], dtype=float)
    response = np.array([pair.preferred for pair in pairs])
    fitted = fit_logistic(design, response)
    if fitted is None:
        return no_estimate(len(pairs), SEPARATED)
    (intercept, slope), (error, slope_error) = fitted
    margin = float(stdtrit(len(pairs) - 2, 0.975)) * error
    bounds = {"share": intercept, "low": intercept - margin, "high": intercept + margin}
    shares = {name: float(expit(odds)) for name, odds in bounds.items()}
    return {"pairs": len(pairs), **shares, "slope": slope, "slope_error": slope_error, "why_not": None}


def fit_logistic(design: Any, response: Any) -> tuple[list[float], list[float]] | None:
    """Coefficients and robust errors by Newton's method; None where there is no finite maximum."""
    beta = np.zeros(design.shape[1])
    for _ in range(STEPS):
        fitted = expit(design @ beta)
        curvature = design.T @ (design * (fitted * (1 - fitted))[:, None])
        if np.linalg.cond(curvature) > 1e10:
            return None
        step = np.linalg.solve(curvature, design.T @ (response - fitted))
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            return beta.tolist(), robust_errors(design, response - fitted, curvature)
    return None


def robust_errors(design: Any, residuals: Any, curvature: Any) -> list[float]:
    scores = design * residuals[:, None]
    n, inverse = len(design), np.linalg.inv(curvature)
    errors: list[float] = np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse) * n / (n - 2)).tolist()
    return errors


def no_estimate(pairs: int, why_not: str) -> Report:
    return {"pairs": pairs, "share": None, "low": None, "high": None, "why_not": why_not}
