"""The simulation that the policy is measured on: repeatable, the same for every policy, and one where learning pays."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from benchmarks.policy.environment import (
    OPTIONS,
    SIZE,
    Array,
    World,
    best_fixed,
    ceiling,
    regret,
    regret_at_random,
    world,
)
from benchmarks.policy.players import SNAPSHOT_EVERY, Lesson, Ours, Settings, at_random
from benchmarks.policy.regret import judged, play

DECISIONS = 2000


@pytest.fixture(scope="module")
def made() -> World:
    return world(0, DECISIONS)


def test_a_seed_says_everything(made: World) -> None:
    again, other = world(0, DECISIONS), world(1, DECISIONS)
    for one, same, different in zip(made, again, other, strict=True):
        np.testing.assert_array_equal(one, same)
        assert (one != different).any()


def test_features_are_standardised_and_rewards_noisy(made: World) -> None:
    assert made.contexts.shape == (DECISIONS, SIZE) and made.means.shape == (DECISIONS, OPTIONS)
    assert (made.contexts[:, 0] == 1.0).all()
    np.testing.assert_allclose(made.contexts[:, 1:].mean(axis=0), 0.0, atol=0.15)
    np.testing.assert_allclose(made.contexts[:, 1:].std(axis=0), 1.0, atol=0.2)
    assert (made.rewards - made.means).std() == pytest.approx(0.25, rel=0.05)


def test_effects_change_half_way(made: World) -> None:
    halves = made.contexts[: DECISIONS // 2], made.contexts[DECISIONS // 2 :]
    before, after = (
        np.linalg.lstsq(seen, means, rcond=None)[0] for seen, means in zip(halves, np.split(made.means, 2), strict=True)
    )
    differ = (before - before.mean(axis=1)[:, None]).ravel(), (after - after.mean(axis=1)[:, None]).ravel()
    assert abs(np.corrcoef(*differ)[0, 1]) < 0.3


def test_more_knowledge_loses_less(made: World) -> None:
    lost = [regret(made, ceiling(made)), regret(made, best_fixed(made)), regret_at_random(made)]
    assert lost == sorted(lost) and lost[0] > 0.0
    assert regret(made, made.means.argmax(axis=1)) == 0.0


@dataclass
class Listener:
    """Chooses at random and remembers what it was told, and when."""

    at: int = -1
    heard: list[tuple[int, Lesson]] = field(default_factory=list)

    def decide(self, decision: int) -> Array:
        self.at = decision
        return np.full(OPTIONS, 1 / OPTIONS)

    def learn(self, lesson: Lesson) -> None:
        self.heard.append((self.at + 1, lesson))


def test_an_outcome_is_told_once_when_it_matures_and_as_it_happened(made: World) -> None:
    listener = Listener()
    chosen, _, _ = play(listener, made)
    assert all(made.matures[lesson.decision] == at for at, lesson in listener.heard)
    assert all(lesson.option == chosen[lesson.decision] for _, lesson in listener.heard)
    assert all(lesson.reward == made.rewards[lesson.decision, lesson.option] for _, lesson in listener.heard)
    told = [lesson.decision for _, lesson in listener.heard]
    assert sorted(told) == np.flatnonzero(made.matures < DECISIONS).tolist()


def test_ours_learns_in_batches_whose_order_does_not_matter(made: World) -> None:
    lessons = [Lesson(i, i % OPTIONS, 0.2, float(made.rewards[i, i % OPTIONS])) for i in range(SNAPSHOT_EVERY)]
    one, other = Ours(made, Settings()), Ours(made, Settings())
    before = one.decide(0)
    for forth, back in zip(lessons, reversed(lessons), strict=True):
        np.testing.assert_array_equal(one.decide(0), before)
        one.learn(forth)
        other.learn(back)
    assert (one.decide(0) != before).any()
    np.testing.assert_array_equal(one.decide(0), other.decide(0))


def test_ours_beats_chance_and_is_repeatable(made: World) -> None:
    first, second = (judged(made, play(Ours(made, Settings()), made)[0]) for _ in range(2))
    random = judged(made, play(at_random(made), made)[0])
    assert first == second
    assert first.regret < 0.8 * random.regret
    assert first.harmful < random.harmful
