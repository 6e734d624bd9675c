"""Preference: known intervals, length as a confound found and taken out, and what cannot be said."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from agents.blind_review.preference import (
    SEPARATED,
    PairPreference,
    RaterPreference,
    average_by_pair,
    estimate_at_equal_length,
    estimate_preference,
    estimate_share,
    fit_logistic,
)
from streams.experiment.rater_agreement import INSUFFICIENT


@pytest.mark.parametrize(("wins", "of"), [(0, 20), (20, 20), (10, 20), (153, 195), (1, 1000)])
def test_without_ties_the_interval_is_wilsons(wins: int, of: int) -> None:
    found = estimate_share([1.0] * wins + [0.0] * (of - wins))
    wilson = binomtest(wins, of).proportion_ci(method="wilson")
    assert (found["pairs"], found["share"]) == (of, wins / of)
    assert (found["low"], found["high"]) == (pytest.approx(wilson.low, abs=1e-6), pytest.approx(wilson.high, abs=1e-6))


def test_under_twenty_pairs_nothing_is_claimed() -> None:
    assert estimate_share([1.0] * 19) == {
        "pairs": 19,
        "share": None,
        "low": None,
        "high": None,
        "why_not": INSUFFICIENT,
    }
    assert estimate_at_equal_length([PairPreference(1.0, 0.1)] * 19)["why_not"] == INSUFFICIENT
    nothing = estimate_preference([])
    assert {one["why_not"] for one in nothing.values()} == {INSUFFICIENT}


def test_a_pair_counts_once_however_many_judge_it() -> None:
    verdicts = [RaterPreference("p1", f"r{n}", 1.0) for n in range(50)] + [
        RaterPreference("p2", "r1", 0.0),
        RaterPreference("p2", "r2", 0.5),
    ]
    assert average_by_pair(verdicts, {"p1": (40, 20)}) == [
        PairPreference(1.0, pytest.approx(math.log(2))),
        PairPreference(0.25, None),
    ]


def test_the_interval_covers_with_ties_and_raters_who_agree() -> None:
    rng = np.random.default_rng(3)
    covered = []
    for _ in range(500):
        taste = rng.beta(3, 2, 40)  # mean .6: how likely any rater prefers the intervention's reply of a pair
        votes = (rng.random((3, 40)) < taste) * 1.0
        found = estimate_share(np.where(rng.random((3, 40)) < 0.1, 0.5, votes).mean(axis=0).tolist())
        covered.append(found["low"] <= 0.9 * 0.6 + 0.1 * 0.5 <= found["high"])
    assert np.mean(covered) >= 0.95


def pairs(
    effect: float, of_length: float, number: int = 400, longer: float = 0.7, seed: int = 1
) -> list[PairPreference]:
    """Pairs whose intervention replies are longer; log odds of preferring them: effect + of_length · log ratio."""
    rng = np.random.default_rng(seed)
    ratios = rng.normal(longer, 0.6, number)
    chances = 1 / (1 + np.exp(-(effect + of_length * ratios)))
    return [
        PairPreference(float(one), float(ratio))
        for one, ratio in zip(rng.random(number) < chances, ratios, strict=True)
    ]


def test_length_alone_looks_like_an_effect_until_it_is_taken_out() -> None:
    """The confound of Ayers 2023: replies that are preferred because they are longer."""
    found = estimate_preference(pairs(effect=0.0, of_length=1.5))
    assert found["all"]["low"] > 0.6
    assert found["at_equal_length"]["low"] < 0.5 < found["at_equal_length"]["high"]
    assert found["longer"]["share"] > 0.6 > 0.5 > found["shorter"]["share"]
    assert found["longer_reply"]["low"] > 0.5


def test_an_effect_beyond_length_stays() -> None:
    found = estimate_preference(pairs(effect=1.0, of_length=0.5, longer=0.0))
    assert found["at_equal_length"]["low"] < 1 / (1 + math.exp(-1.0)) < found["at_equal_length"]["high"]
    assert found["at_equal_length"]["low"] > 0.6
    assert found["shorter"]["low"] > 0.5


def test_the_adjusted_interval_covers() -> None:
    truth = 1 / (1 + math.exp(-0.4))
    runs = [estimate_at_equal_length(pairs(0.4, 1.0, number=80, seed=seed)) for seed in range(400)]
    assert np.mean([run["low"] <= truth <= run["high"] for run in runs]) >= 0.93


def test_the_regression_has_no_gradient_left() -> None:
    ones = pairs(0.3, 0.8)
    design = np.array([[1.0, one.log_ratio or 0.0] for one in ones])
    response = np.array([one.preferred for one in ones])
    fitted = fit_logistic(design, response)
    assert fitted is not None
    residuals = response - 1 / (1 + np.exp(-design @ fitted[0]))
    assert np.abs(design.T @ residuals).max() < 1e-6


@pytest.mark.parametrize(
    "ones",
    [
        [PairPreference(float(n % 2), 1.0 if n % 2 else -1.0) for n in range(40)],  # the longer one always wins
        [PairPreference(float(n % 2), 0.0) for n in range(40)],  # all are equally long
        [PairPreference(1.0, n / 10) for n in range(40)],  # the intervention's always wins
    ],
)
def test_where_no_regression_is_possible(ones: list[PairPreference]) -> None:
    found = estimate_at_equal_length(ones)
    assert (found["share"], found["why_not"]) == (None, SEPARATED)


def test_pairs_of_equal_or_unknown_length_count_where_they_can() -> None:
    found = estimate_preference(
        [PairPreference(1.0, 0.0)] * 25 + [PairPreference(0.0, None)] * 25 + [PairPreference(1.0, 0.5)] * 20
    )
    assert found["all"]["pairs"] == 70
    assert (found["longer"]["pairs"], found["shorter"]["pairs"], found["longer_reply"]["pairs"]) == (20, 0, 20)
    assert found["at_equal_length"]["pairs"] == 45
