"""Proof: contrasts that are unbiased, intervals that hold, and estimates that say when they are none."""

from collections.abc import Mapping
from math import inf, isnan, log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from streams.experiment import effects, policy_value, randomisation_check
from streams.experiment.effects import Contrast, Evidence, MaturedDecision
from streams.interventions.options import CONTROL

CHANCES = {CONTROL: 0.2, "slow": 0.5, "offer": 0.3}
PREDICTED = {CONTROL: 0.1, "slow": 0.3}
NUMBERS = st.floats(-1, 1)


def decided(option: str, reward: float, **changes: Any) -> MaturedDecision:
    return MaturedDecision("c1", option, reward, CHANCES, PREDICTED)._replace(**changes)


def evidence_of(values: Any) -> Evidence:
    evidence = Evidence()
    for phi in values:
        evidence = evidence.add(Contrast(phi))
    return evidence


def everything_slow(_: MaturedDecision) -> Mapping[str, float]:
    return {"slow": 1.0}


def as_drawn(one: MaturedDecision) -> Mapping[str, float]:
    return one.propensities


def test_a_contrast_by_hand() -> None:
    assert effects.contrast(decided("slow", 0.8), "slow") == pytest.approx(0.3 - 0.1 + 0.5 / 0.5)
    assert effects.contrast(decided(CONTROL, 0.2), "slow") == pytest.approx(0.3 - 0.1 - 0.1 / 0.2)
    assert effects.contrast(decided("offer", 0.9), "slow") == pytest.approx(0.3 - 0.1)
    assert effects.contrast(decided("offer", 0.9), "offer") == pytest.approx(-0.1 + 0.9 / 0.3)


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3), st.lists(NUMBERS, min_size=6, max_size=6))
def test_contrasts_average_to_the_true_difference_whatever_was_predicted(
    shares: list[float], told: list[float]
) -> None:
    chances = dict(zip(CHANCES, (share / sum(shares) for share in shares), strict=True))
    truth, predicted = dict(zip(chances, told[:3], strict=True)), dict(zip(chances, told[3:], strict=True))
    all_draws = [decided(option, truth[option], propensities=chances, predicted=predicted) for option in chances]
    mean = sum(chances[draw.option] * effects.contrast(draw, "slow") for draw in all_draws)
    assert mean == pytest.approx(truth["slow"] - truth[CONTROL], abs=1e-9)
    mean = sum(chances[draw.option] * effects.contrast_any(draw) for draw in all_draws)
    mixed = (chances["slow"] * truth["slow"] + chances["offer"] * truth["offer"]) / (1 - chances[CONTROL])
    assert mean == pytest.approx(mixed - truth[CONTROL], abs=1e-9)


def test_what_could_not_have_been_chosen_is_not_compared() -> None:
    assert effects.is_comparable(decided("slow", 0.1), "offer")
    assert not effects.is_comparable(decided("slow", 0.1), "hand-over")
    assert not effects.is_comparable(decided("slow", 0.1, propensities={CONTROL: 0.0, "slow": 1.0}), "slow")
    assert not effects.is_comparable_any(decided("slow", 0.1, propensities={"slow": 1.0}))
    assert not effects.is_comparable_any(decided(CONTROL, 0.1, propensities={CONTROL: 1.0}))


def test_evidence_is_mean_and_variance() -> None:
    values = [0.1, -0.4, 0.7]
    result = evidence_of(values)
    assert (result.n, result.mean, result.variance) == pytest.approx((3, np.mean(values), np.var(values)))
    assert isnan(Evidence().mean) and isnan(Evidence().variance)
    assert evidence_of([0.1] * 3).variance == pytest.approx(0, abs=1e-15)


def test_the_sequence_by_the_published_formula() -> None:
    found, alpha, n = Evidence(400, 20.0, 101.0, 400.0), 0.05, 400
    r2 = (2 * log(20) + log(1 + 2 * log(20))) / 500
    margin = sqrt(0.25) * sqrt(2 * (n * r2 + 1) / (n**2 * r2) * log(sqrt(n * r2 + 1) / alpha))
    assert effects.confidence_sequence(found, alpha, 500) == pytest.approx((0.05 - margin, 0.05 + margin), rel=1e-12)
    r2 = (2 * log(10) + log(1 + 2 * log(10))) / 500
    margin = sqrt(0.25) * sqrt(2 * (n * r2 + 1) / (n**2 * r2) * log(1 + sqrt(n * r2 + 1) / 0.1))
    assert effects.upper_bound(found, alpha, 500) == pytest.approx(0.05 + margin, rel=1e-12)


def test_one_contrast_says_nothing() -> None:
    assert effects.confidence_sequence(evidence_of([0.3]), 0.05, 500) is None
    assert effects.upper_bound(evidence_of([0.3]), 0.05, 500) is None


@given(st.integers(2, 20_000), st.floats(0.001, 0.2))
def test_a_sequence_is_wider_than_the_interval_of_a_single_look(n: int, alpha: float) -> None:
    evidence = Evidence(n, 0.0, float(n), float(n))
    interval, upper = effects.confidence_sequence(evidence, alpha, 500), effects.upper_bound(evidence, alpha, 500)
    assert interval is not None and upper is not None
    assert interval[1] > stats.norm.isf(alpha / 2) / sqrt(n)
    assert stats.norm.isf(alpha) / sqrt(n) < upper


def test_values_by_hand() -> None:
    log = [decided("slow", 0.8), decided(CONTROL, 0.2), decided("slow", 0.4, conversation="c2")]
    snips = policy_value.snips(log, everything_slow)
    assert (snips.value, snips.ess, snips.n) == pytest.approx((0.6, 2.0, 3))
    assert snips.error == pytest.approx(sqrt((2 * 0.2) ** 2 + (2 * -0.2) ** 2) / 4)
    robust = policy_value.doubly_robust(log, everything_slow)
    scores = np.array([0.3 + 2 * 0.5, 0.3, 0.3 + 2 * 0.1])
    around = scores - scores.mean()
    assert robust.value == pytest.approx(scores.mean())
    assert robust.error == pytest.approx(sqrt((around[0] + around[1]) ** 2 + around[2] ** 2) / 3)


@given(st.lists(st.tuples(st.sampled_from(sorted(CHANCES)), NUMBERS), min_size=1, max_size=20))
def test_the_policy_that_ran_is_worth_what_it_earned(outcomes: list[tuple[str, float]]) -> None:
    log = [decided(option, reward, predicted={}) for option, reward in outcomes]
    earned = float(np.mean([item.reward for item in log]))
    for value in (policy_value.snips(log, as_drawn), policy_value.doubly_robust(log, as_drawn)):
        assert (value.value, value.ess) == pytest.approx((earned, len(log)), abs=1e-9)


def test_what_conversations_share_widens_the_error() -> None:
    alike = [decided("slow", sign, conversation=str(i)) for i, sign in enumerate((1.0, -1.0)) for _ in range(8)]
    apart = [one._replace(conversation=str(i)) for i, one in enumerate(alike)]
    for estimate in (policy_value.snips, policy_value.doubly_robust):
        assert estimate(alike, as_drawn).error > 2 * estimate(apart, as_drawn).error


@pytest.mark.parametrize("estimate", [policy_value.snips, policy_value.doubly_robust])
def test_no_estimate_where_there_is_no_support(estimate: Any) -> None:
    log = [decided("slow", 0.8), decided("slow", 0.1, propensities={CONTROL: 0.5, "offer": 0.5, "slow": 0.0})]
    value = estimate(log * 200, everything_slow)
    assert isnan(value.value) and isnan(value.error)
    assert (value.n, value.unsupported, value.shown) == (400, 200, False)
    assert isnan(estimate([], everything_slow).value)
    assert isnan(policy_value.snips([decided("offer", 0.8)], everything_slow).value)


def test_little_is_not_shown() -> None:
    assert policy_value.snips([decided("slow", 0.8)] * 200, everything_slow).shown
    assert not policy_value.snips([decided("slow", 0.8)] * 199, everything_slow).shown
    mostly_other = [decided("slow", 0.8)] * 49 + [decided("offer", 0.8)] * 400
    assert not policy_value.doubly_robust(mostly_other, everything_slow).shown


@given(st.floats(0.02, 0.98), st.integers(0, 300), st.data())
def test_the_bayes_factor_is_the_beta_binomial_against_the_binomial(share: float, n: int, data: Any) -> None:
    k = data.draw(st.integers(0, n) | st.just(n))
    against = stats.betabinom.logpmf(k, n, 100 * share, 100 * (1 - share)) - stats.binom.logpmf(k, n, share)
    expected = against if against < 700 else inf
    assert log(randomisation_check.control_share_bayes_factor([(share, n, k)])) == pytest.approx(expected, abs=1e-6)


def test_true_shares_are_left_alone_and_wrong_ones_are_not() -> None:
    groups = [(0.2, 1000, 205), (0.5, 40, 17)]
    assert randomisation_check.control_share_bayes_factor(groups) < 1
    assert randomisation_check.control_share_bayes_factor([]) == 1
    assert (
        randomisation_check.control_share_bayes_factor([(0.2, 1000, 260), (0.5, 40, 17)])
        > randomisation_check.CONTROL_SHARE_ALARM
    )
    assert randomisation_check.control_share_bayes_factor([(0.2, 100_000, 60_000)]) == inf
    assert randomisation_check.control_share_bayes_factor([(0.0, 50, 0), (1.0, 3, 3)]) == 1
    assert randomisation_check.control_share_bayes_factor([(0.0, 50, 1)]) == inf


def test_the_bayes_factor_averages_to_one_over_true_shares() -> None:
    mean = sum(
        stats.binom.pmf(k, 30, 0.2) * randomisation_check.control_share_bayes_factor([(0.2, 30, k)]) for k in range(31)
    )
    assert mean == pytest.approx(1, abs=1e-9)
