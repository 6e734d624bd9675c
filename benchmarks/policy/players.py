"""The policies that ``regret.py`` compares: ours, Vowpal Wabbit, river's LinUCB, and those that never learn."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from river import bandit

from benchmarks.policy.environment import OPTIONS, SIZE, Array, World, best_fixed, ceiling
from streams.policy import drift, thompson

SNAPSHOT_EVERY = 50
FLOOR = 0.01
ROWS = tuple(range(OPTIONS))
UNIFORM = np.full(OPTIONS, 1 / OPTIONS)


class Lesson(NamedTuple):
    """A matured outcome."""

    decision: int
    option: int
    probability: float
    reward: float


class Policy(Protocol):
    """What can be compared. ``decide`` gives the probability of each option."""

    def decide(self, decision: int) -> Array: ...

    def learn(self, lesson: Lesson) -> None: ...


class Settings(NamedTuple):
    """Of ours: forgetting for each outcome, sd of the noise that sampling assumes, ridge, floor, snapshot cadence."""

    gamma: float = 0.9995
    v: float = 0.05
    ridge: float = 5.0
    floor: float = FLOOR
    every: int = SNAPSHOT_EVERY


class Ours:
    """The policy as the learner and the workers run it: snapshots of many lessons."""

    def __init__(self, world: World, settings: Settings) -> None:
        self.contexts, self.settings = world.contexts, settings
        self.arms = [thompson.new_arm(SIZE, settings.ridge)] * OPTIONS
        self.snapshot = thompson.Posterior(self.arms)
        self.waiting: list[Lesson] = []

    def decide(self, decision: int) -> Array:
        xs = np.repeat(self.contexts[decision : decision + 1], OPTIONS, axis=0)
        mean, sd = self.snapshot.predict(xs, ROWS)
        return thompson.apply_floor(thompson.best_probabilities(mean, self.settings.v * sd), self.settings.floor)

    def learn(self, lesson: Lesson) -> None:
        self.waiting.append(lesson)
        if len(self.waiting) == self.settings.every:
            self.publish()

    def publish(self) -> None:
        self.forget(self.settings.gamma ** len(self.waiting))
        for lesson in sorted(self.waiting):
            arm = self.arms[lesson.option]
            self.arms[lesson.option] = thompson.update_arm(arm, self.contexts[lesson.decision], lesson.reward)
        self.snapshot = thompson.Posterior(self.arms)
        self.waiting = []

    def forget(self, factor: float) -> None:
        self.arms = [thompson.discount_arm(arm, factor, self.settings.ridge) for arm in self.arms]


class Watching(Ours):
    """Ours, which forgets slowly, but nearly everything once its errors grow: river's ADWIN on squared residuals."""

    def __init__(self, world: World, settings: Settings, kept: float = 0.03) -> None:
        super().__init__(world, settings)
        self.kept = kept
        self.errors = drift.Errors()

    def publish(self) -> None:
        watch = drift.update_errors(self.errors, map(self.error, sorted(self.waiting)))
        self.errors = watch.errors
        if watch.grew:
            self.forget(self.kept)
        super().publish()

    def error(self, lesson: Lesson) -> float:
        expected, _ = self.snapshot.predict(self.contexts[lesson.decision, None], [lesson.option])
        return float((lesson.reward - expected[0]) ** 2)


class Vw:
    """Vowpal Wabbit; its probabilities may be mixed with our floor."""

    def __init__(self, world: World, arguments: str, floor: float = 0.0) -> None:
        from vowpalwabbit import Workspace  # heavy, and only an extra

        self.workspace = Workspace(f"--cb_explore_adf {arguments} -q sa --quiet --random_seed 1")
        self.floor = floor
        self.shared = ["shared |s " + " ".join(f"{i}:{x:.6g}" for i, x in enumerate(row)) for row in world.contexts]
        self.actions = [f"|a {option}" for option in ROWS]

    def decide(self, decision: int) -> Array:
        found = np.asarray(self.workspace.predict([self.shared[decision], *self.actions]), dtype=np.float64)
        return thompson.apply_floor(found / found.sum(), self.floor)

    def learn(self, lesson: Lesson) -> None:
        lines = [self.shared[lesson.decision], *self.actions]
        label = f"0:{-lesson.reward:.6g}:{lesson.probability:.6g}"
        lines[lesson.option + 1] = f"{label} {lines[lesson.option + 1]}"
        self.workspace.learn(lines)


class River:
    """river's disjoint LinUCB: it names an option and no probabilities."""

    def __init__(self, world: World, alpha: float, beta: float, smoothing: float | None = None) -> None:
        self.model = bandit.LinUCBDisjoint(alpha=alpha, beta=beta, smoothing=smoothing, seed=1)
        self.contexts = [dict(enumerate(row)) for row in world.contexts.tolist()]

    def decide(self, decision: int) -> Array:
        return np.eye(OPTIONS)[self.model.pull(ROWS, context=self.contexts[decision])]

    def learn(self, lesson: Lesson) -> None:
        self.model.update(lesson.option, self.contexts[lesson.decision], lesson.reward)


class Fixed:
    """Options chosen beforehand, with knowledge no policy has; random where there are none."""

    def __init__(self, chosen: NDArray[np.int64] | None) -> None:
        self.chosen = chosen

    def decide(self, decision: int) -> Array:
        return UNIFORM if self.chosen is None else np.eye(OPTIONS)[self.chosen[decision]]

    def learn(self, lesson: Lesson) -> None:
        pass


def at_random(world: World) -> Policy:
    return Fixed(None)


def one_for_all(world: World) -> Policy:
    return Fixed(best_fixed(world))


def linear_ceiling(world: World) -> Policy:
    return Fixed(ceiling(world))
