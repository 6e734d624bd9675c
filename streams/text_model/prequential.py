"""Prequential learning: every label is first a test, of the weights that learn and of those in use, then a lesson.

Weights are offered after so many labels, if over the labels since the last change the learning ones had no higher log
loss than those in use. While they have, they go on learning; after a whole window of it, what was learned is thrown
away and learning begins again from the weights in use.
"""

from collections import deque
from math import log
from typing import NamedTuple

from streams.config.model import LearnerConfig
from streams.text_model.dialogue_state import BASE_RATE
from streams.text_model.learner import Label, TextModelLearner, Turn, tasks
from streams.text_model.model import ProjectedFeatureSpace, probability
from streams.text_model.weights import HEADS, Weights

LEAST = 1e-6  # no loss is infinite


class Losses(NamedTuple):
    """Mean log losses over the labels since the last change, at most a window of them; 0 before the first."""

    learning: float
    in_use: float


class Prequential:
    """Learns one label after another.

    Args:
        in_use: the weights workers have, from which learning begins.
    """

    def __init__(self, config: LearnerConfig, in_use: Weights) -> None:
        self._config = config
        self._in_use = in_use
        self._tests: deque[Losses] = deque(maxlen=config.window)
        self._learner = self._beginner()
        self._since = 0

    @property
    def due(self) -> bool:
        """Whether enough labels were learned for another offer."""
        return self._since >= self._config.labels

    @property
    def ahead(self) -> bool:
        """Whether anything was learned beyond the weights in use."""
        return bool(self._tests)

    def learn(self, turn: Turn, label: Label, weight: float = 1.0) -> None:
        """Test, then train.

        Args:
            weight: what the label counts, in the test and in the lesson, above 0.
        """
        self._tests.append(Losses(*(weight * loss for loss in self._test(turn, label))))
        self._learner.learn(turn, label, weight)
        self._since += 1

    def losses(self) -> Losses:
        """How the weights that learn and those in use did."""
        count = max(len(self._tests), 1)
        learning, in_use = (sum(one) / count for one in zip(*self._tests, strict=True)) if self._tests else (0.0, 0.0)
        return Losses(learning, in_use)

    def offer(self) -> Weights | None:
        """Weights for the workers; None while those in use do better."""
        self._since = 0
        losses = self.losses()
        if losses.learning <= losses.in_use:
            return self._learner.weights()
        if len(self._tests) == self._config.window:
            self._tests.clear()
            self._learner = self._beginner()
        return None

    def taken(self, weights: Weights) -> None:
        """The workers have the weights that were offered; learning goes on from where it stands."""
        self._in_use = weights
        self._tests.clear()

    def _beginner(self) -> TextModelLearner:
        config = self._config
        frozen = frozenset() if config.base_rate else BASE_RATE
        return TextModelLearner(self._in_use, config.rate, config.inertia, frozen)

    def _test(self, turn: Turn, label: Label) -> Losses:
        """Mean log losses over the heads the label is about."""
        learning, in_use, space = self._learner.predict(turn), 0.0, ProjectedFeatureSpace(self._in_use)
        tested = tasks(turn, label)
        for head, features, truth in tested:
            in_use += loss(probability(space.read(features)[HEADS.index(head)]), truth)
        learned = sum(loss(learning[head], truth) for head, _, truth in tested)
        return Losses(learned / len(tested), in_use / len(tested))


def loss(said: float, truth: bool) -> float:
    """Log loss of a probability."""
    return -log(max(said if truth else 1.0 - said, LEAST))
