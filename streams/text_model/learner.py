"""The learner turns labelled turns into weights: river's logistic regression with AdaGrad, one per head.

Test, then train: predict each turn before learning it. Memory is bounded: features are hashed into a fixed size.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from river import linear_model, optim, utils

from streams.text_model import dialogue_state, weights
from streams.text_model.dialogue_state import DECAY, Dialogue, Features, Numbers
from streams.text_model.weights import HEADS, Weights

RATE = 0.07
# While learning, drop a feature that has decayed below this. The model in use keeps it; its effect is negligible.
NEGLIGIBLE = 1e-4
NO_INERTIA = 1e-8


class SparseFeatureSpace:
    """A feature space that keeps the features themselves."""

    def project(self, features: Features) -> Features:
        return features

    def add(self, left: Features, right: Features) -> Features:
        total = dict(left)
        for place, value in right.items():
            total[place] = total.get(place, 0.0) + value
        return total

    def decay(self, features: Features) -> Features:
        return {place: DECAY * value for place, value in features.items() if DECAY * abs(value) >= NEGLIGIBLE}


SPARSE = SparseFeatureSpace()
SparseDialogue = Dialogue[Features]


class Turn(NamedTuple):
    """Features of one customer turn.

    Attributes:
        before: features known before the turn is read.
        read: features after the turn is read; None when it could not be read.
    """

    before: Features
    read: Features | None


class Label(NamedTuple):
    """What a person said about a turn; None where they said nothing.

    Attributes:
        frustrated: whether the customer was.
        rose: whether the customer was more frustrated than at the last labelled turn.
    """

    frustrated: bool | None
    rose: bool | None


def build_turn(dialogue: SparseDialogue, terms: list[int], cues: list[str], numbers: Numbers, readable: bool) -> Turn:
    """Features of a customer turn in its dialogue."""
    before = dialogue_state.context_features(dialogue, SPARSE)
    if not readable:
        return Turn(before, None)
    read = before
    for features in dialogue_state.turn_features(dialogue, terms, cues, numbers).values():
        read = SPARSE.add(read, features)
    return Turn(before, read)


class TextModelLearner:
    """Three logistic regressions, one per head, that learn one labelled turn at a time.

    Args:
        prior: weights to start from; None starts from zero.
        rate: AdaGrad's learning rate.
        inertia: sum of squared gradients every weight starts with. A higher value makes the first labels move the
            weights less.
        frozen: places that predict but do not learn.
    """

    def __init__(
        self,
        prior: Weights | None = None,
        rate: float = RATE,
        inertia: float = NO_INERTIA,
        frozen: frozenset[int] = frozenset(),
    ) -> None:
        self._heads = {head: new_head(rate, inertia) for head in HEADS}
        self._frozen = frozen
        if prior is not None:
            for head, values in zip(HEADS, prior[:3], strict=True):
                set_weights(self._heads[head], {place: value for place, value in enumerate(values) if value})

    def learn(self, turn: Turn, label: Label, weight: float = 1.0) -> None:
        """Learn one labelled turn. ``weight`` is how much it counts; 1 is a full label."""
        for head, features, truth in training_tasks(turn, label):
            fixed = {place: self._heads[head]._weights.get(place, 0.0) for place in features.keys() & self._frozen}
            self._heads[head].learn_one(features, truth, w=weight)
            for place, value in fixed.items():
                self._heads[head]._weights[place] = value

    def learn_all(self, labelled: Iterable[tuple[Turn, Label]]) -> None:
        """Learn labelled turns in order."""
        for turn, label in labelled:
            self.learn(turn, label)

    def predict(self, turn: Turn) -> dict[str, float]:
        """Probability per head; ``now`` only for a turn that was read."""
        seen = {"next": turn.before, "rise": turn.before} | ({} if turn.read is None else {"now": turn.read})
        return {head: predict_probability(self._heads[head], features) for head, features in seen.items()}

    def weights(self) -> Weights:
        """The weights learned so far, as arrays."""
        learned: dict[str, Mapping[int, float]] = {head: self._heads[head].weights for head in HEADS}
        return weights.from_heads(learned)


def training_tasks(turn: Turn, label: Label) -> list[tuple[str, Features, bool]]:
    """Training tasks of a labelled turn: head, features, truth."""
    tasks = [("next", turn.before, label.frustrated), ("rise", turn.before, label.rose)]
    if turn.read is not None:
        tasks.append(("now", turn.read, label.frustrated))
    return [(head, features, truth) for head, features, truth in tasks if truth is not None]


def new_head(rate: float, inertia: float) -> linear_model.LogisticRegression:
    """One head. The intercept is a feature like any other: ``weights.PLACES["bias"]``."""
    return linear_model.LogisticRegression(optimizer=optim.AdaGrad(rate, eps=inertia), intercept_lr=0.0)


def set_weights(head: linear_model.LogisticRegression, learned: dict[int, float]) -> None:
    """Set the weights of a new regression. river has no public API for it: its ``weights`` is a copy."""
    head._weights = utils.VectorDict(learned)


def predict_probability(head: linear_model.LogisticRegression, features: Features) -> float:
    probabilities: Mapping[bool, float] = head.predict_proba_one(features)  # type: ignore[no-untyped-call]
    return probabilities[True]
