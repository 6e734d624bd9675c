"""Prequential learning: test each label first, on the learning weights and on those in use, then train on it.

After a number of labels the learner offers its weights, provided their log loss since the last change is no higher than
that of the weights in use. If it is higher, learning goes on; after a full window, the learner discards what it learned
and starts again from the weights in use.
"""

from collections import deque
from math import log
from typing import NamedTuple

from streams.config.model import LearnerConfig
from streams.text_model.dialogue_state import BASE_RATE
from streams.text_model.learner import Label, TextModelLearner, Turn, training_tasks
from streams.text_model.model import ProjectedFeatureSpace, logistic
from streams.text_model.weights import HEADS, Weights

LEAST_PROBABILITY = 1e-6  # no loss is infinite


class Losses(NamedTuple):
    """Mean log losses over the labels since the last change, at most a window of them; 0 before the first."""

    learning: float
    in_use: float


class Prequential:
    """Learns one label at a time.

    Args:
        in_use: the weights workers use; learning starts from them.
    """

    def __init__(self, config: LearnerConfig, in_use: Weights) -> None:
        self._config = config
        self._in_use = in_use
        self._tests: deque[Losses] = deque(maxlen=config.window)
        self._learner = self._new_learner()
        self._labels_since_offer = 0

    @property
    def is_offer_due(self) -> bool:
        """Whether enough labels have been learned to offer weights again."""
        return self._labels_since_offer >= self._config.labels

    @property
    def has_learned(self) -> bool:
        """Whether anything has been learned since the weights in use."""
        return bool(self._tests)

    def learn(self, turn: Turn, label: Label, weight: float = 1.0) -> None:
        """Test, then train.

        Args:
            weight: how much the label counts in the test and in training, above 0.
        """
        self._tests.append(Losses(*(weight * loss for loss in self._test(turn, label))))
        self._learner.learn(turn, label, weight)
        self._labels_since_offer += 1

    def losses(self) -> Losses:
        """Mean losses of the learning weights and of those in use."""
        count = max(len(self._tests), 1)
        learning, in_use = (
            (sum(column) / count for column in zip(*self._tests, strict=True)) if self._tests else (0.0, 0.0)
        )
        return Losses(learning, in_use)

    def offer_weights(self) -> Weights | None:
        """Weights for the workers; None while those in use are better."""
        self._labels_since_offer = 0
        losses = self.losses()
        if losses.learning <= losses.in_use:
            return self._learner.weights()
        if len(self._tests) == self._config.window:
            self._tests.clear()
            self._learner = self._new_learner()
        return None

    def adopt(self, weights: Weights) -> None:
        """The workers now use the offered weights; learning continues."""
        self._in_use = weights
        self._tests.clear()

    def _new_learner(self) -> TextModelLearner:
        config = self._config
        frozen = frozenset() if config.base_rate else BASE_RATE
        return TextModelLearner(self._in_use, config.rate, config.inertia, frozen)

    def _test(self, turn: Turn, label: Label) -> Losses:
        """Mean log losses over the heads this label trains."""
        learning, in_use, space = self._learner.predict(turn), 0.0, ProjectedFeatureSpace(self._in_use)
        tested = training_tasks(turn, label)
        for head, features, truth in tested:
            in_use += log_loss(logistic(space.project(features)[HEADS.index(head)]), truth)
        learned = sum(log_loss(learning[head], truth) for head, _, truth in tested)
        return Losses(learned / len(tested), in_use / len(tested))


def log_loss(probability: float, truth: bool) -> float:
    """Log loss of a probability."""
    return -log(max(probability if truth else 1.0 - probability, LEAST_PROBABILITY))
