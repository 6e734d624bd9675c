"""The model in use: computes a turn's probabilities, and the parts they are made of."""

from functools import cache
from math import exp
from typing import NamedTuple

from streams.text_model import dialogue_state
from streams.text_model.dialogue_state import DECAY, Dialogue, Features, Numbers
from streams.text_model.pretrained import load_weights
from streams.text_model.weights import Weights

# What the last reply says about the next turn, whatever its words: a part of its own in a reading.
REPLY_PART = "dialogue.answer"

Sums = tuple[float, float, float]
SummedDialogue = Dialogue[Sums]


class Forecast(NamedTuple):
    """Probabilities for the next customer turn, before it is read.

    Attributes:
        next: frustrated.
        rise: more frustrated than at the last turn; None at a conversation's first turn and for an untrained head.
    """

    next: float
    rise: float | None


class Reading(NamedTuple):
    """The reading of one customer turn.

    Attributes:
        now: probability that the customer is frustrated, 0 to 1.
        parts: log odds by source; they sum to the log odds of ``now``.
    """

    now: float
    parts: dict[str, float]


class ProjectedFeatureSpace:
    """A feature space that keeps three sums, one per head."""

    def __init__(self, weights: Weights) -> None:
        # One lookup per feature instead of three. Places with the same weights share a tuple: most weights are zero.
        same: dict[Sums, Sums] = {}
        heads = zip(weights.now, weights.next, weights.rise, strict=True)
        self._heads = [same.setdefault(weights_of_place, weights_of_place) for weights_of_place in heads]

    def project(self, features: Features) -> Sums:
        now = next_ = rise = 0.0
        heads = self._heads
        for place, value in features.items():
            a, b, c = heads[place]
            now += a * value
            next_ += b * value
            rise += c * value
        return now, next_, rise

    def add(self, left: Sums, right: Sums) -> Sums:
        return left[0] + right[0], left[1] + right[1], left[2] + right[2]

    def decay(self, sums: Sums) -> Sums:
        return DECAY * sums[0], DECAY * sums[1], DECAY * sums[2]


class TextModel:
    """A text model: weights that predict.

    Attributes:
        weights: the weights.
        version: digest of the weights.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._now = weights.now.tolist()
        self._space = ProjectedFeatureSpace(weights)
        self._predicts_rise = any(weights.rise)
        self.version = weights.version

    def new_dialogue(self) -> SummedDialogue:
        """An empty dialogue."""
        return dialogue_state.new_dialogue(self._space)

    def context(self, dialogue: SummedDialogue) -> Sums:
        """Log odds of the next customer turn before it is read, one per head."""
        return dialogue_state.context_features(dialogue, self._space)

    def forecast(self, dialogue: SummedDialogue, context: Sums) -> Forecast:
        """Forecast the next customer turn."""
        _, next_, rise = context
        return Forecast(logistic(next_), logistic(rise) if self._predicts_rise and dialogue.turns else None)

    def read_turn(
        self, dialogue: SummedDialogue, context: Sums, terms: list[int], cues: list[str], numbers: Numbers
    ) -> Reading:
        """Read a customer turn."""
        reply, weights = dialogue.operator[0], self._now
        parts = {"dialogue": context[0] - reply, REPLY_PART: reply}
        for name, features in dialogue_state.turn_features(dialogue, terms, cues, numbers).items():
            if features:
                parts[name] = sum([weights[place] * value for place, value in features.items()])
        return Reading(logistic(sum(parts.values())), {name: part for name, part in parts.items() if part})

    def add_reply(
        self, dialogue: SummedDialogue, terms: list[int], cues: list[str], numbers: Numbers
    ) -> SummedDialogue:
        """The dialogue after a message of operator or bot."""
        return dialogue_state.add_reply(dialogue, terms, cues, numbers, self._space)

    def add_turn(self, dialogue: SummedDialogue, terms: list[int], cues: list[str], numbers: Numbers) -> SummedDialogue:
        """The dialogue after a customer's turn."""
        return dialogue_state.add_turn(dialogue, terms, cues, numbers, self._space)


@cache
def shipped_model() -> TextModel:
    """The model a new deployment starts with."""
    return TextModel(load_weights())


def logistic(log_odds: float) -> float:
    """Logistic function."""
    if log_odds < 0:
        grown = exp(max(log_odds, -700.0))
        return grown / (1.0 + grown)
    return 1.0 / (1.0 + exp(-min(log_odds, 700.0)))
