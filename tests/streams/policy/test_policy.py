"""The policy: with which chance each may be chosen, what is expected, and that the draw keeps its word."""

from collections import Counter
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import ids
from streams.config.model import Config, PolicyConfig
from streams.interventions.options import CONTROL, InterventionOption
from streams.policy import context, policy, thompson
from streams.policy.policy import Policy
from streams.policy.snapshot import Snapshot
from tests.support.data.builders import OFFER, SLOW, option

LOTTERIES = 20_000
VOICE = option("call", channels=("voice",))
DEAR = option("dear", burden=5.0)
SEEN = {
    **{"level": 0.6, "level_sd": 0.1, "slope": 0.1, "alarm": 8.0, "turn": 4.0, "failures": 0.0, "minutes": 3.0},
    **{"returning": 0.0, "tone": 0.0, "slow_channel": 0.0, "voice": 0.0},
}


def uniform(options: list[InterventionOption], control_share: float) -> policy.Propensities:
    return policy.option_probabilities(options, SEEN, None, Config(), control_share).propensities


def taught(rewards: dict[str, float], outcomes: int = 200, disabled: frozenset[str] = frozenset()) -> Policy:
    """A policy that saw each option ``outcomes`` times in this context, always with this reward."""
    arms = {name: thompson.new_arm(context.SIZE, 5.0) for name in rewards}
    for name, reward in rewards.items():
        arms[name] = thompson.update_arm(arms[name], context.option_features(SEEN, name), reward, outcomes)
    return Policy(Snapshot("default", arms=arms, matured=outcomes * len(rewards), disabled=disabled))


@given(st.integers(1, 40), st.floats(0, 1))
def test_chances_are_total_they_sum_to_one(count: int, control_share: float) -> None:
    chances = uniform([option(f"o{i}") for i in range(count)], control_share)
    assert sum(chance for _, chance in chances) == pytest.approx(1.0, abs=1e-9)
    assert chances[0] == (CONTROL, control_share)
    assert all(chance >= 0.0 for _, chance in chances)


@given(st.integers(1, 40), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_every_draw_falls_on_an_option_that_had_a_chance(count: int, control_share: float, lottery: float) -> None:
    chances = uniform([option(f"o{i}") for i in range(count)], control_share)
    name, chance = policy.draw_option(chances, lottery)
    assert dict(chances)[name] == chance
    assert chance > 0.0


def test_no_rounding_error_leaves_a_draw_without_an_option() -> None:
    assert policy.draw_option([(CONTROL, 0.1), ("slow", 0.8999999)], 0.99999999) == ("slow", 0.8999999)


@pytest.mark.parametrize("control_share", [0.0, 0.2, 0.5, 1.0])
def test_over_many_lotteries_every_option_gets_its_share(control_share: float) -> None:
    chances = uniform([SLOW, OFFER, VOICE, DEAR], control_share)
    draws = Counter(policy.draw_option(chances, ids.lottery(f"decision-{i}", "salt"))[0] for i in range(LOTTERIES))
    for name, chance in chances:
        assert abs(draws[name] - LOTTERIES * chance) <= 3 * sqrt(LOTTERIES * chance * (1 - chance)), name
    expected = {name: LOTTERIES * chance for name, chance in chances if chance}
    chi_square = sum((draws[name] - mean) ** 2 / mean for name, mean in expected.items())
    assert chi_square < 18.5  # 0.1 % point of four degrees of freedom


def test_another_salt_is_another_experiment() -> None:
    chances = uniform([SLOW, OFFER], 1 / 3)
    first, second = (
        [policy.draw_option(chances, ids.lottery(f"d{i}", salt))[0] for i in range(3000)] for salt in ("a", "b")
    )
    same = sum(a == b for a, b in zip(first, second, strict=True))
    assert abs(same - 1000) < 3 * sqrt(3000 * (1 / 3) * (2 / 3))


def test_what_was_learned_is_drawn_more_often_and_the_worst_keeps_its_floor() -> None:
    learned = taught({"offer": 0.2, "slow": -0.2, CONTROL: 0.0})
    result = policy.option_probabilities([SLOW, OFFER], SEEN, learned, Config(), 0.2)
    chances = dict(result.propensities)
    assert chances["slow"] == pytest.approx(0.8 * 0.01, abs=1e-6)
    assert sum(chances.values()) == pytest.approx(1.0, abs=1e-9)
    assert result.predicted is not None
    assert result.predicted["slow"] < result.predicted[CONTROL] < result.predicted["offer"]


def test_until_enough_was_learned_the_draw_is_uniform_and_says_what_it_expects() -> None:
    learned = taught({"offer": 0.2, "slow": -0.2, CONTROL: 0.0}, outcomes=30)
    result = policy.option_probabilities([SLOW, OFFER], SEEN, learned, Config(), 0.2)
    assert dict(result.propensities) == {CONTROL: 0.2, "slow": 0.4, "offer": 0.4}
    assert result.predicted is not None and result.predicted["offer"] > 0


def test_an_option_nobody_has_tried_is_as_good_as_the_prior() -> None:
    learned = taught({"slow": 0.0, CONTROL: 0.0})
    result = policy.option_probabilities([SLOW, OFFER], SEEN, learned, Config(), 0.0)
    assert dict(result.propensities)["offer"] == pytest.approx(0.5, abs=0.01)
    assert result.predicted is not None and result.predicted["offer"] == 0.0


@given(st.sets(st.sampled_from(["slow", "offer", "call", "dear"])), st.floats(0, 1))
def test_what_is_known_of_some_options_says_nothing_of_the_others(known: set[str], control_share: float) -> None:
    """However many are new: the same as asking for each alone."""
    options = [SLOW, OFFER, VOICE, DEAR]
    rewards = {"slow": 0.1, "offer": -0.1, "call": 0.2, "dear": 0.0}
    learned = taught({name: rewards[name] for name in sorted(known)})
    names = [option.id for option in options]
    mean, sd = learned.predict(SEEN, names, 5.0)
    for name, one, spread in zip(names, mean, sd, strict=True):
        [alone], [alone_sd] = learned.predict(SEEN, [name], 5.0)
        assert (one, spread) == (pytest.approx(alone, abs=1e-12), pytest.approx(alone_sd, abs=1e-12))
        assert (name in known) or (one == 0.0 and spread > 0)
    result = policy.option_probabilities(options, SEEN, learned, Config(), control_share)
    assert sum(chance for _, chance in result.propensities) == pytest.approx(1.0, abs=1e-9)


@given(
    st.fixed_dictionaries({name: st.floats(-1e3, 1e3) for name in SEEN}),
    st.lists(st.floats(-1, 1), min_size=2, max_size=6),
    st.integers(0, 10**6),
    st.floats(0, 0.2),
)
def test_whatever_was_learned_and_seen_chances_are_chances(
    seen: dict[str, float], rewards: list[float], times: int, floor: float
) -> None:
    options = [option(f"o{number}") for number in range(len(rewards))]
    learned = taught({one.id: reward for one, reward in zip(options, rewards, strict=True)}, outcomes=times)
    config = Config(policy=PolicyConfig(floor=floor, safe_start=0))
    result = dict(policy.option_probabilities(options, seen, learned, config, 0.2).propensities)
    assert sum(result.values()) == pytest.approx(1.0, abs=1e-9)
    assert all(result[option.id] >= 0.8 * min(floor, 1 / len(options)) - 1e-9 for option in options)


def test_logged_chances_are_those_of_a_draw_by_the_posterior() -> None:
    """Monte Carlo of what is computed: the means sampled, the highest chosen, the floor mixed in."""
    learned, options = taught({"slow": 0.05, "offer": 0.1, "call": -0.05}, outcomes=8), [SLOW, OFFER, VOICE]
    config = Config(policy=PolicyConfig(safe_start=0, burden_price=0.0))
    names = [option.id for option in options]
    mean, sd = learned.predict(SEEN, names, config.policy.ridge)
    draws = 200_000
    sampled = np.random.default_rng(1).normal(mean, config.policy.exploration * sd, (draws, len(names))).argmax(axis=1)
    result = dict(policy.option_probabilities(options, SEEN, learned, config, 0.2).propensities)
    for row, name in enumerate(names):
        share = 0.8 * (0.01 + (1 - 3 * 0.01) * (sampled == row).mean())
        assert abs(result[name] - share) < 3 * 0.8 * sqrt(0.25 / draws) + 1e-4, name


def test_burden_counts_against_an_option() -> None:
    learned = taught({"slow": 0.05, "dear": 0.05, CONTROL: 0.0}, outcomes=1000)
    config = Config(policy=PolicyConfig(burden_price=0.05))
    chances = dict(policy.option_probabilities([SLOW, DEAR], SEEN, learned, config, 0.0).propensities)
    assert chances["slow"] > 0.9


def test_the_holdout_is_left_alone_for_certain() -> None:
    chances = uniform([SLOW, OFFER], 1.0)
    assert chances == [(CONTROL, 1.0), ("slow", 0.0), ("offer", 0.0)]
    assert policy.draw_option(chances, 0.999999999) == (CONTROL, 1.0)
