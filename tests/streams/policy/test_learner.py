"""The policy's learner: sums anybody can add up by hand, and a rollback that takes evidence."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.model import PolicyConfig
from streams.experiment import effects
from streams.experiment.effects import Evidence
from streams.interventions.options import CONTROL
from streams.policy import context, learner, thompson
from streams.policy.learner import (
    apply_commands,
    blend_reward,
    next_snapshot,
    rating_score,
    update_arms,
    update_evidence,
)
from streams.policy.outcome_join import RatedDecision, TrainingExample
from streams.policy.rollback import find_rollbacks
from streams.policy.snapshot import ANY, Snapshot, from_record, to_record
from streams.policy.thompson import Arm
from tests import examples
from tests.support.data.builders import OFFER, SLOW, option
from tests.support.data.lessons import (
    EVEN,
    HELD_OUT,
    READ,
    SEEN,
    brought,
    command,
    config,
    first,
    lesson,
    outcome,
    rating,
)

RIDGE = 5.0
PLAIN = PolicyConfig(discount=1.0, rating_weight=0.25, rating_scale=0.2)
REWARDS = st.floats(-1, 1, allow_subnormal=False)
LESSONS = st.lists(
    st.tuples(st.sampled_from(["slow", "offer", CONTROL]), REWARDS, st.floats(0, 1), st.integers(0, 3)),
    min_size=1,
    max_size=12,
)


def made(drawn: list[tuple[str, float, float, int]]) -> list[TrainingExample]:
    return [
        lesson(f"{number:02d}", reward, name, seen={"level": level, "failures": float(failures)})
        for number, (name, reward, level, failures) in enumerate(drawn)
    ]


def by_hand(lessons: list[TrainingExample], name: str, ridge: float = RIDGE) -> tuple[Any, Any]:
    mine = [lesson for lesson in lessons if lesson.decision["option"] == name]
    xs = np.array([context.option_features(item.decision["context"], name) for item in mine]).reshape(-1, context.SIZE)
    rewards = np.array([item.outcome["reward"] for item in mine])
    return ridge * np.eye(context.SIZE) + xs.T @ xs, xs.T @ rewards


def unrated(lessons: list[TrainingExample]) -> list[tuple[TrainingExample, tuple[float, ...]]]:
    return [(lesson, ()) for lesson in lessons]


def assert_close(one: dict[str, Arm], other: dict[str, Arm]) -> None:
    assert list(one) == list(other)
    for name, arm in one.items():
        np.testing.assert_allclose(arm.precision, other[name].precision, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(arm.response, other[name].response, rtol=1e-9, atol=1e-9)


@given(LESSONS)
def test_the_first_batch_is_the_sums_one_adds_up_by_hand(drawn: list[tuple[str, float, float, int]]) -> None:
    lessons = made(drawn)
    arms = update_arms({}, unrated(lessons), [], PolicyConfig(discount=0.9, ridge=RIDGE))
    assert list(arms) == sorted({lesson.decision["option"] for lesson in lessons})
    for name, arm in arms.items():
        precision, response = by_hand(lessons, name)
        np.testing.assert_allclose(arm.precision, precision, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(arm.response, response, rtol=1e-9, atol=1e-9)


@given(LESSONS, LESSONS, st.floats(0.5, 1))
def test_a_batch_forgets_once_what_was_before_it(one: Any, other: Any, discount: float) -> None:
    earlier, later = made(one), made(other)
    policy_config = PolicyConfig(discount=discount, ridge=RIDGE)
    arms = update_arms(update_arms({}, unrated(earlier), [], policy_config), unrated(later), [], policy_config)
    factor = discount ** len(later)
    for name, arm in arms.items():
        (old, said), (new, says) = by_hand(earlier, name), by_hand(later, name)
        ridge = RIDGE * np.eye(context.SIZE)
        np.testing.assert_allclose(arm.precision, ridge + factor * (old - ridge) + (new - ridge), rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(arm.response, factor * said + says, rtol=1e-8, atol=1e-8)


@examples(50)
@given(LESSONS, st.randoms(use_true_random=False))
def test_the_order_within_a_batch_is_of_no_account(drawn: Any, chance: Any) -> None:
    lessons = made(drawn)
    shuffled = list(lessons)
    chance.shuffle(shuffled)
    before = update_arms({}, unrated(made([("slow", 0.3, 0.5, 1)])), [], PLAIN)
    assert_close(update_arms(before, unrated(lessons), [], PLAIN), update_arms(before, unrated(shuffled), [], PLAIN))


@examples(50)
@given(LESSONS, st.integers(0, 12))
def test_without_forgetting_batches_are_of_no_account(drawn: Any, cut: int) -> None:
    lessons = made(drawn)
    whole = update_arms({}, unrated(lessons), [], PLAIN)
    parts = update_arms(update_arms({}, unrated(lessons[:cut]), [], PLAIN), unrated(lessons[cut:]), [], PLAIN)
    assert_close(parts, whole)


def test_learning_changes_nothing_that_was_known_before() -> None:
    before = update_arms({}, unrated([lesson("a")]), [], PLAIN)
    copies = {name: Arm(arm.precision.copy(), arm.response.copy()) for name, arm in before.items()}
    late = RatedDecision(lesson("a"), (), (1.0,))
    update_arms(before, unrated([lesson("b", -0.4)]), [late], PolicyConfig(discount=0.5))
    for name, arm in before.items():
        assert np.array_equal(arm.precision, copies[name].precision)
        assert np.array_equal(arm.response, copies[name].response)


def test_years_of_forgetting_leave_a_prior_that_can_be_inverted() -> None:
    arms: dict[str, Arm] = {}
    for number in range(400):
        arms = update_arms(arms, unrated([lesson(str(number), 0.2)] * 50), [], PolicyConfig(discount=0.5, ridge=0.5))
        arms = {name: arms[name] for name in arms}
    posterior = thompson.Posterior(list(arms.values()))
    assert posterior.is_finite
    [mean], [sd] = posterior.predict(np.array([context.option_features(SEEN, "slow")]), [0])
    assert mean == pytest.approx(0.2, abs=0.01)
    assert sd > 0


@given(REWARDS, st.lists(st.floats(-1, 1), min_size=1, max_size=4))
def test_a_rating_is_blended_by_its_weight(fall: float, said: list[float]) -> None:
    expected = 0.75 * fall + 0.25 * 0.2 * sum(said) / len(said)
    assert blend_reward(fall, said, PLAIN) == pytest.approx(expected)
    assert blend_reward(fall, (), PLAIN) == fall
    assert blend_reward(fall, said, PolicyConfig(rating_weight=0.0)) == fall


@given(REWARDS, st.lists(st.floats(-1, 1), min_size=1, max_size=4), st.integers(0, 4))
def test_a_rating_that_comes_late_mends_what_was_learned(fall: float, said: list[float], known: int) -> None:
    one, early, all_ = lesson("a", fall), tuple(said[:known]), tuple(said)
    at_once = update_arms({}, [(one, all_)], [], PLAIN)
    late = update_arms(update_arms({}, [(one, early)], [], PLAIN), [], [RatedDecision(one, early, all_)], PLAIN)
    assert_close(late, at_once)


def test_a_rating_that_comes_late_is_not_forgotten_with_its_decision() -> None:
    """The limit of mending, as documented: up to the discount of what was learned in between."""
    one, found = lesson("a", 0.2), PolicyConfig(discount=0.9)
    arms = update_arms(
        update_arms({}, [(one, ())], [], found), unrated([lesson("b", 0.0)]), [RatedDecision(one, (), (1.0,))], found
    )
    change = blend_reward(0.2, (1.0,), found) - 0.2
    assert arms["slow"].response[0] == pytest.approx(0.9 * 0.2 + change)


@pytest.mark.parametrize("late", [lesson("a", None), lesson("a", context_version=1), lesson("a", option="offer")])
def test_a_late_rating_of_what_was_not_learned_mends_nothing(late: TrainingExample) -> None:
    before = update_arms({}, unrated([lesson("b")]), [], PLAIN)
    assert_close(update_arms(before, [], [RatedDecision(late, (), (1.0,))], PLAIN), before)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"clarity": 5, "tone": 5}, 1.0),
        ({"clarity": 1, "tone": 1}, -1.0),
        ({"clarity": 3, "tone": None, "felt_understood": True}, 0.5),
        ({"clarity": None, "tone": None, "felt_understood": False}, -1.0),
        ({"clarity": None, "tone": None, "resonance": 4}, 0.5),
        ({"clarity": None, "tone": None}, None),
    ],
)
def test_what_a_rating_says_is_a_number_between_minus_one_and_one(said: Any, expected: float | None) -> None:
    assert rating_score(rating(lesson("a").decision) | said) == expected


# What is a lesson


NOT_LEARNED = {
    "censored": lesson("a", None),
    "another context": lesson("a", context_version=context.VERSION - 1),
    "a context that lacks a number": lesson("a", context={"level": 0.5}),
    "no reward": lesson("a", math.nan),
    "an endless reward": lesson("a", -math.inf),
    "a context out of proportion": lesson("a", seen={"minutes": 1e200}),
    "a prediction that is none": lesson("a", predicted_reward={"slow": math.nan}),
}


@pytest.mark.parametrize("one", NOT_LEARNED.values(), ids=NOT_LEARNED)
def test_what_is_no_lesson_is_not_learned(one: TrainingExample) -> None:
    assert not learner.is_learnable(one)
    result = next_snapshot(first(), brought([one, lesson("b", 0.2)]), [], READ, config())
    only = next_snapshot(first(), brought([lesson("b", 0.2)]), [], READ, config())
    assert to_record(result) == to_record(only)
    assert result.matured == 1


def test_what_was_said_of_a_decision_in_the_holdout_is_learned_and_is_no_evidence() -> None:
    held_out = lesson("a", 0.1, CONTROL, chances=HELD_OUT)
    result = next_snapshot(first(), brought([held_out]), [], READ, config())
    assert (list(result.arms), result.matured, dict(result.evidence)) == ([CONTROL], 1, {})


def test_where_control_had_no_chance_there_is_no_evidence() -> None:
    escalated = lesson("a", 0.1, "slow", chances={CONTROL: 0.0, "slow": 1.0})
    assert update_evidence({}, [escalated]) == {}


def test_an_option_that_was_not_eligible_has_no_evidence() -> None:
    result = update_evidence({}, [lesson("a", 0.1, "slow", chances={CONTROL: 0.2, "slow": 0.8})])
    assert sorted(result) == [ANY, "slow"]


def test_evidence_is_the_contrast_of_every_option_that_could_have_been() -> None:
    result = update_evidence({}, [lesson("a", 0.1, "slow"), lesson("b", -0.3, CONTROL)])
    weight = 1 / math.sqrt(1 / 0.4 + 1 / 0.2)
    slow, offer = [0.1 / 0.4, 0.3 / 0.2], [0.0, 0.3 / 0.2]
    for name, contrasts in (("slow", slow), ("offer", offer)):
        squares = sum((weight * contrast) ** 2 for contrast in contrasts)
        wanted = (2, weight * sum(contrasts), squares, 2 * weight, 0.1**2 + 0.3**2)
        assert result[name] == pytest.approx(wanted)
        assert result[name].mean == pytest.approx(sum(contrasts) / 2)
    assert result[ANY].mean == pytest.approx((0.1 / 0.8 + 0.3 / 0.2) / 2)


def test_two_draws_at_the_floor_prove_nothing() -> None:
    """A policy that learned draws a bad option at its floor; its own conviction is no evidence."""
    chances = {CONTROL: 0.2, "slow": 0.008, "offer": 0.792}
    said = {"slow": -0.3, CONTROL: 0.0, "offer": 0.0}
    drawn = ["slow"] * 2 + [CONTROL] * 60 + ["offer"] * 238
    seen = [
        lesson(f"{number:03d}", said[option] + 0.2 * (-1) ** number, option, chances=chances, predicted_reward=said)
        for number, option in enumerate(drawn)
    ]
    result = update_evidence({}, seen)
    assert result["slow"].mean < -0.25
    assert result["slow"].variance >= 0.2**2 - 1e-9
    assert find_rollbacks(result, (), config()) == []


def test_ratings_are_no_evidence() -> None:
    one = lesson("a", 0.1)
    rated = next_snapshot(first(), brought([one], {"a": (1.0,)}), [], READ, config())
    assert rated.evidence == next_snapshot(first(), brought([one]), [], READ, config()).evidence


# Rollback


def sure(n: int, mean: float, sd: float = 0.3) -> Evidence:
    return Evidence(n, n * mean, n * (sd * sd + mean * mean), float(n))


def test_an_option_is_rolled_back_only_after_enough_outcomes() -> None:
    result = config(rollback_after=300)
    assert find_rollbacks({"slow": sure(299, -0.9)}, (), result) == []
    [lost] = find_rollbacks({"slow": sure(300, -0.9)}, (), result)
    assert (lost.option, lost.evidence) == ("slow", sure(300, -0.9))
    assert lost.upper < 0


@pytest.mark.parametrize("mean", [0.0, 0.5, -0.01])
def test_an_option_that_may_be_harmless_is_not(mean: float) -> None:
    assert find_rollbacks({"slow": sure(500, mean)}, (), config()) == []


def test_the_chance_of_an_error_is_shared_among_the_options() -> None:
    evidence = next(
        sure(400, -mean / 1000)
        for mean in range(1000)
        if (upper := effects.upper_bound(sure(400, -mean / 1000), 0.05, effects.N_OPT)) is not None and upper < -1e-6
    )
    alone, many = config((SLOW,)), config(tuple(option(f"o{number}") for number in range(20)))
    assert [rollback.option for rollback in find_rollbacks({"slow": evidence}, (), alone)] == ["slow"]
    assert find_rollbacks({"slow": evidence}, (), many) == []


def test_all_of_them_as_one_is_not_rolled_back_and_nothing_is_twice() -> None:
    evidence = {ANY: sure(500, -0.9), "slow": sure(500, -0.9)}
    assert [rollback.option for rollback in find_rollbacks(evidence, (), config())] == ["slow"]
    assert find_rollbacks(evidence, {"slow"}, config()) == []


def experiment(numbers: range, worst: str, harm: float) -> list[TrainingExample]:
    """Decisions drawn as their chances say, in which one option does harm."""
    chance = np.random.default_rng(numbers.start)
    names, weights = list(EVEN), list(EVEN.values())
    drawn = [str(name) for name in chance.choice(names, size=len(numbers), p=weights)]
    rewards = [0.05 + chance.normal(0, 0.1) - harm * (name == worst) for name in drawn]
    return [lesson(f"{n:05d}", float(r), name) for n, name, r in zip(numbers, drawn, rewards, strict=True)]


def test_an_option_that_does_harm_is_rolled_back_and_no_other() -> None:
    found, numbers = first(), config(rollback_after=200)
    for start in range(0, 900, 50):
        found = next_snapshot(found, brought(experiment(range(start, start + 50), "slow", 0.3)), [], READ, numbers)
        assert found.matured >= 200 or not found.disabled
    assert found.disabled == {"slow"}
    assert found.evidence["slow"].mean == pytest.approx(-0.3, abs=0.1)


def test_without_harm_nothing_is_rolled_back() -> None:
    result = first()
    for start in range(0, 1500, 50):
        result = next_snapshot(result, brought(experiment(range(start, start + 50), "slow", 0.0)), [], READ, config())
    assert result.disabled == frozenset()


def test_an_option_that_a_person_enables_begins_anew() -> None:
    disabled, kept = apply_commands(
        frozenset({"slow"}), {"slow": sure(500, -0.9), ANY: sure(500, 0.0)}, [command("slow")]
    )
    assert (disabled, kept) == (frozenset(), {ANY: sure(500, 0.0)})


def test_a_command_counts_after_the_lessons_it_came_with() -> None:
    before = Snapshot("default", evidence={"slow": sure(500, -0.9)}, positions=READ)
    enabled = next_snapshot(before, brought([lesson("a")]), [command("slow")], READ, config())
    assert (enabled.disabled, "slow" in enabled.evidence) == (frozenset(), False)
    rolled_back = next_snapshot(before, brought([lesson("a")]), [], READ, config())
    assert rolled_back.disabled == {"slow"}


def test_the_last_of_several_commands_counts() -> None:
    before = Snapshot("default", positions=READ)
    asked = [command("slow", "disable"), command("slow", "enable"), command("offer", "disable")]
    assert next_snapshot(before, brought(), asked, READ, config()).disabled == {"offer"}


def test_a_disabled_option_is_not_enabled_by_anything_else() -> None:
    before = Snapshot("default", disabled=frozenset({"slow"}), positions=READ)
    lessons = [lesson(f"{number:03d}", 0.9) for number in range(300)]
    assert next_snapshot(before, brought(lessons), [], READ, config()).disabled == {"slow"}


# The chain


def test_a_snapshot_names_the_one_before_it_and_what_it_was_learned_from() -> None:
    one = next_snapshot(first(), brought([lesson("a")]), [], READ, config())
    other = next_snapshot(one, brought([lesson("b", -0.1, at=100.0)]), [], {("decisions", 0): 9}, config())
    assert (one.previous, one.positions, one.matured) == (None, READ, 1)
    assert (other.previous, other.positions) == (to_record(one)["policy_version"], {("decisions", 0): 9})
    assert other.matured == 2
    assert other.created_at == outcome(lesson("b", at=100.0).decision)["event_time"]
    assert other.config_version == config().version


def test_time_does_not_run_backwards() -> None:
    one = next_snapshot(first(), brought([lesson("a", at=1000.0)]), [], READ, config())
    assert next_snapshot(one, brought([lesson("b")]), [], READ, config()).created_at == one.created_at


@examples(30)
@given(LESSONS, LESSONS)
def test_going_on_from_what_was_published_is_going_on(one: Any, other: Any) -> None:
    """What a restart reads is what the learner had in mind, to the last bit."""
    settings_ = config((SLOW, OFFER), discount=0.99)
    before = next_snapshot(first(), brought(made(one)), [], READ, settings_)
    news = brought(made(other))
    assert to_record(next_snapshot(from_record(to_record(before)), news, [], READ, settings_)) == to_record(
        next_snapshot(before, news, [], READ, settings_)
    )
