"""The learner: labelled turns to weights. river's logistic regression with AdaGrad, one a head.

Test, then train: a turn is predicted before it is learned. Bounded: the feature space is hashed into a fixed size.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from river import linear_model, optim, utils

from streams.text_model import dialogue_state, weights
from streams.text_model.dialogue_state import FADING, Dialogue, Features, Numbers
from streams.text_model.weights import HEADS, Weights

RATE = 0.07
# A feature that faded below this is dropped while learning; what is used keeps it, at less than anybody can see.
NEGLIGIBLE = 1e-4
NO_INERTIA = 1e-8


class SparseFeatureSpace:
    """A space where what was read is kept as features."""

    def read(self, features: Features) -> Features:
        return features

    def plus(self, one: Features, other: Features) -> Features:
        both = dict(one)
        for place, value in other.items():
            both[place] = both.get(place, 0.0) + value
        return both

    def faded(self, one: Features) -> Features:
        return {place: FADING * value for place, value in one.items() if FADING * abs(value) >= NEGLIGIBLE}


COLLECTION = SparseFeatureSpace()
Collected = Dialogue[Features]


class Turn(NamedTuple):
    """A customer's turn as the learner sees it.

    Attributes:
        before: features known before it was seen.
        read: features after it was read; None when it could not be.
    """

    before: Features
    read: Features | None


class Label(NamedTuple):
    """What a person said of a turn; None where they did not.

    Attributes:
        frustrated: whether the customer was.
        rose: whether the customer was more frustrated than at the last labelled turn.
    """

    frustrated: bool | None
    rose: bool | None


def turn_of(collected: Collected, terms: list[int], cues: list[str], numbers: Numbers, readable: bool) -> Turn:
    """The features of a customer's turn in its dialogue."""
    before = dialogue_state.context(collected, COLLECTION)
    if not readable:
        return Turn(before, None)
    read = before
    for features in dialogue_state.turn(collected, terms, cues, numbers).values():
        read = COLLECTION.plus(read, features)
    return Turn(before, read)


class TextModelLearner:
    """Three logistic regressions that learn one labelled turn at a time.

    Args:
        prior: weights to begin from; none: zero.
        rate: AdaGrad's learning rate.
        inertia: sum of squared gradients every weight begins with: the more, the less the first labels move it. None
            makes a first step as long as the rate, whatever the label's weight.
        frozen: places that are used and not learned.
    """

    def __init__(
        self,
        prior: Weights | None = None,
        rate: float = RATE,
        inertia: float = NO_INERTIA,
        frozen: frozenset[int] = frozenset(),
    ) -> None:
        self._heads = {head: regression(rate, inertia) for head in HEADS}
        self._frozen = frozen
        if prior is not None:
            for head, values in zip(HEADS, prior[:3], strict=True):
                begin_with(self._heads[head], {place: value for place, value in enumerate(values) if value})

    def learn(self, turn: Turn, label: Label, weight: float = 1.0) -> None:
        """Learn one labelled turn, which counts as ``weight`` of them."""
        for head, features, truth in tasks(turn, label):
            fixed = {place: self._heads[head]._weights.get(place, 0.0) for place in features.keys() & self._frozen}
            self._heads[head].learn_one(features, truth, w=weight)
            for place, value in fixed.items():
                self._heads[head]._weights[place] = value

    def learn_all(self, labelled: Iterable[tuple[Turn, Label]]) -> None:
        """Learn labelled turns in order."""
        for turn, label in labelled:
            self.learn(turn, label)

    def predict(self, turn: Turn) -> dict[str, float]:
        """Probabilities by head; ``now`` only of a turn that was read."""
        seen = {"next": turn.before, "rise": turn.before} | ({} if turn.read is None else {"now": turn.read})
        return {head: probability(self._heads[head], features) for head, features in seen.items()}

    def weights(self) -> Weights:
        """What was learned so far, as arrays."""
        learned: dict[str, Mapping[int, float]] = {head: self._heads[head].weights for head in HEADS}
        return weights.of(learned)


def tasks(turn: Turn, label: Label) -> list[tuple[str, Features, bool]]:
    """What a labelled turn teaches: head, features, truth."""
    found = [("next", turn.before, label.frustrated), ("rise", turn.before, label.rose)]
    if turn.read is not None:
        found.append(("now", turn.read, label.frustrated))
    return [(head, features, truth) for head, features, truth in found if truth is not None]


def regression(rate: float, inertia: float) -> linear_model.LogisticRegression:
    """One head. The intercept is a feature like any other: ``weights.PLACES["bias"]``."""
    return linear_model.LogisticRegression(optimizer=optim.AdaGrad(rate, eps=inertia), intercept_lr=0.0)


def begin_with(head: linear_model.LogisticRegression, learned: dict[int, float]) -> None:
    """Give a fresh regression weights. river has no public way; its own ``weights`` is a copy."""
    head._weights = utils.VectorDict(learned)


def probability(head: linear_model.LogisticRegression, features: Features) -> float:
    found: Mapping[bool, float] = head.predict_proba_one(features)  # type: ignore[no-untyped-call]
    return found[True]
