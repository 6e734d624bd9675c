"""Thompson sampling: the chances are those of the draw they stand for, and learning is a sum."""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streams.policy.thompson import Arm, Posterior, apply_floor, best_probabilities, discount_arm, new_arm, update_arm

SIZE, RIDGE = 4, 5.0
SAMPLES = 100_000

numbers = st.floats(-10, 10, allow_subnormal=False)
contexts = arrays(np.float64, SIZE, elements=numbers)
lessons = st.lists(st.tuples(contexts, st.floats(-1, 1), st.floats(0, 3)), max_size=12)


@st.composite
def options(draw: st.DrawFn, sds: st.SearchStrategy[float]) -> tuple[Any, Any]:
    count = draw(st.integers(1, 9))
    return draw(arrays(np.float64, count, elements=numbers)), draw(arrays(np.float64, count, elements=sds))


any_sd = st.one_of(st.just(0.0), st.floats(1e-300, 1e-6), st.floats(0.01, 10), st.floats(1e6, 1e100))


def taught(seen: Any, arm: Arm | None = None) -> Arm:
    arm = new_arm(SIZE, RIDGE) if arm is None else arm
    for x, reward, weight in seen:
        arm = update_arm(arm, x, reward, weight)
    return arm


def same(left: Arm, right: Arm) -> None:
    np.testing.assert_allclose(left.precision, right.precision, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(left.response, right.response, rtol=1e-9, atol=1e-9)


@given(options(any_sd))
def test_chances_sum_to_one_whatever_the_spread(drawn: tuple[Any, Any]) -> None:
    chances = best_probabilities(*drawn)
    assert chances.sum() == pytest.approx(1.0, abs=1e-9)
    assert (chances >= 0.0).all()


@given(st.integers(1, 9), numbers, any_sd)
def test_options_that_are_alike_have_equal_chances(count: int, mean: float, sd: float) -> None:
    chances = best_probabilities(np.full(count, mean), np.full(count, sd))
    np.testing.assert_allclose(chances, 1 / count, atol=1e-12)


@given(options(any_sd), st.randoms(use_true_random=False))
def test_the_order_of_the_options_does_not_matter(drawn: tuple[Any, Any], random: Any) -> None:
    mean, sd = drawn
    order = list(range(len(mean)))
    random.shuffle(order)
    np.testing.assert_allclose(
        best_probabilities(mean[order], sd[order]), best_probabilities(mean, sd)[order], atol=1e-9
    )


@given(options(any_sd), numbers)
def test_only_differences_between_means_count(drawn: tuple[Any, Any], shift: float) -> None:
    mean, sd = np.round(drawn[0], 2), np.maximum(drawn[1], 0.01)
    np.testing.assert_allclose(best_probabilities(mean + shift, sd), best_probabilities(mean, sd), atol=1e-6)


@given(options(st.just(1e-9)))
def test_without_doubt_the_best_is_chosen(drawn: tuple[Any, Any]) -> None:
    mean, sd = np.round(drawn[0], 2), drawn[1]
    best = mean == mean.max()
    np.testing.assert_allclose(best_probabilities(mean, sd), best / best.sum(), atol=1e-9)
    np.testing.assert_allclose(best_probabilities(mean, np.zeros_like(mean)), best / best.sum(), atol=1e-9)


@given(st.integers(1, 9).flatmap(lambda count: arrays(np.float64, count, elements=numbers)))
def test_in_utter_doubt_chances_are_equal(mean: Any) -> None:
    np.testing.assert_allclose(best_probabilities(mean, np.full(len(mean), 1e9)), 1 / len(mean), atol=1e-6)


@pytest.mark.parametrize("count", range(2, 10))
def test_chances_are_those_of_sampling(count: int) -> None:
    rng = np.random.default_rng(count)
    mean, sd = rng.normal(0, 0.3, count), rng.uniform(0.1, 0.4, count)
    best = rng.normal(mean, sd, (SAMPLES, count)).argmax(axis=1)
    sampled = np.bincount(best, minlength=count) / SAMPLES
    chances = best_probabilities(mean, sd)
    assert (abs(sampled - chances) <= 3 * np.sqrt(chances * (1 - chances) / SAMPLES)).all()


def test_of_two_the_chance_has_a_formula() -> None:
    chances = best_probabilities(np.array([0.3, 0.1]), np.array([0.2, 0.1]))
    assert chances[0] == pytest.approx(0.8144533152386513, abs=1e-5)  # Φ(.2/√.05)


@given(options(any_sd), st.floats(0, 0.5))
def test_no_option_is_below_the_floor(drawn: tuple[Any, Any], floor: float) -> None:
    chances = apply_floor(best_probabilities(*drawn), floor)
    assert chances.sum() == pytest.approx(1.0, abs=1e-9)
    assert (chances >= min(floor, 1 / len(chances)) - 1e-12).all()


def test_above_the_floor_shares_keep_their_proportion() -> None:
    np.testing.assert_allclose(apply_floor(np.array([0.75, 0.25, 0.0]), 0.1), [0.625, 0.275, 0.1])


@pytest.mark.parametrize("floor", [1 / 3, 0.5, 1.0])
def test_a_floor_that_leaves_nothing_is_uniform(floor: float) -> None:
    np.testing.assert_allclose(apply_floor(np.array([0.9, 0.1, 0.0]), floor), 1 / 3)


@given(st.lists(lessons, min_size=1, max_size=4), contexts)
def test_predictions_are_those_of_ridge_regression(seen: list[Any], x: Any) -> None:
    arms = [taught(some) for some in seen]
    mean, sd = Posterior(arms).predict(np.stack([x] * len(arms)), range(len(arms)))
    for row, arm in enumerate(arms):
        assert mean[row] == pytest.approx(x @ np.linalg.solve(arm.precision, arm.response), rel=1e-6, abs=1e-6)
        assert sd[row] == pytest.approx(sqrt(x @ np.linalg.solve(arm.precision, x)), rel=1e-6, abs=1e-9)


@given(contexts, contexts)
def test_each_option_is_seen_in_its_own_context_in_the_order_asked(one: Any, other: Any) -> None:
    arms = [taught([(np.eye(SIZE)[i], i + 1.0, 1.0)]) for i in range(3)]
    posterior = Posterior(arms)
    mean, sd = posterior.predict(np.stack([one, other]), [2, 0])
    for row, (x, arm) in enumerate([(one, 2), (other, 0)]):
        alone_mean, alone_sd = posterior.predict(x[None], [arm])
        assert (mean[row], sd[row]) == (pytest.approx(alone_mean[0]), pytest.approx(alone_sd[0]))


def test_nothing_learned_predicts_nothing_and_is_unsure_of_it() -> None:
    mean, sd = Posterior([new_arm(SIZE, RIDGE)]).predict(np.array([[1.0, 0.0, 0.0, 0.0]]), [0])
    assert (mean[0], sd[0]) == (0.0, pytest.approx(1 / sqrt(RIDGE)))


def test_enough_lessons_find_the_weights() -> None:
    rng = np.random.default_rng(0)
    weights = np.array([0.5, -0.2, 0.1, 0.0])
    xs = rng.normal(size=(5000, SIZE))
    arm = taught(zip(xs, xs @ weights + rng.normal(0, 0.1, 5000), np.ones(5000), strict=True))
    found, sd = Posterior([arm] * SIZE).predict(np.eye(SIZE), range(SIZE))
    np.testing.assert_allclose(found, weights, atol=0.01)
    np.testing.assert_allclose(sd, 1 / sqrt(5000), rtol=0.1)


@given(lessons, lessons)
def test_lessons_add_up_in_any_order(some: list[Any], others: list[Any]) -> None:
    same(taught(others, taught(some)), taught(some, taught(others)))


@given(lessons, contexts, numbers)
def test_learning_leaves_what_was_known_alone(seen: list[Any], x: Any, reward: float) -> None:
    arm = taught(seen)
    before = arm.precision.copy(), arm.response.copy()
    update_arm(arm, x.tolist(), reward)
    discount_arm(arm, 0.5, RIDGE)
    assert (arm.precision == before[0]).all() and (arm.response == before[1]).all()


@given(lessons, st.floats(0, 1))
def test_forgetting_is_having_learned_with_less_weight(seen: list[Any], factor: float) -> None:
    lighter = [(x, reward, weight * factor) for x, reward, weight in seen]
    same(discount_arm(taught(seen), factor, RIDGE), taught(lighter))


@given(lessons)
def test_what_is_wholly_forgotten_is_as_new(seen: list[Any]) -> None:
    same(discount_arm(taught(seen), 0.0, RIDGE), new_arm(SIZE, RIDGE))


def test_a_precision_that_is_none_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        Posterior([Arm(-np.eye(SIZE), np.zeros(SIZE))])
