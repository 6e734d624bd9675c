"""The model in use: weights and a turn to probabilities, and to the parts that made them."""

from functools import cache
from math import exp
from typing import NamedTuple

from streams.text_model import dialogue_state
from streams.text_model.dialogue_state import FADING, Dialogue, Features, Numbers
from streams.text_model.pretrained import shipped
from streams.text_model.weights import Weights

# What the last answer says of the next turn, whatever is said in it: a part of its own among those of a reading.
ANSWER = "dialogue.answer"

Sums = tuple[float, float, float]
Remembered = Dialogue[Sums]


class Forecast(NamedTuple):
    """What is expected of the next customer turn before it is seen, as probabilities.

    Attributes:
        next: frustrated.
        rise: more frustrated than at the last turn; None at a conversation's first turn and for an untrained head.
    """

    next: float
    rise: float | None


class Reading(NamedTuple):
    """A customer's turn read.

    Attributes:
        now: probability that the customer is frustrated, 0 to 1.
        parts: log odds by what they come from; they add up to those of ``now``.
    """

    now: float
    parts: dict[str, float]


class ProjectedFeatureSpace:
    """A space where what was read is three sums, one a head."""

    def __init__(self, weights: Weights) -> None:
        # One lookup a feature instead of three; places with the same weights, most have none, share them in memory.
        same: dict[Sums, Sums] = {}
        heads = zip(weights.now, weights.next, weights.rise, strict=True)
        self._heads = [same.setdefault(one, one) for one in heads]

    def read(self, features: Features) -> Sums:
        now = next_ = rise = 0.0
        heads = self._heads
        for place, value in features.items():
            a, b, c = heads[place]
            now += a * value
            next_ += b * value
            rise += c * value
        return now, next_, rise

    def plus(self, one: Sums, other: Sums) -> Sums:
        return one[0] + other[0], one[1] + other[1], one[2] + other[2]

    def faded(self, one: Sums) -> Sums:
        return FADING * one[0], FADING * one[1], FADING * one[2]


class TextModel:
    """Weights in use.

    Attributes:
        weights: themselves.
        version: their digest.
    """

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._now = weights.now.tolist()
        self._space = ProjectedFeatureSpace(weights)
        self._tells_rises = any(weights.rise)
        self.version = weights.version

    def start(self) -> Remembered:
        """A dialogue before anything was said."""
        return dialogue_state.start(self._space)

    def known(self, remembered: Remembered) -> Sums:
        """What is known of the next customer turn before it is seen: log odds, one a head."""
        return dialogue_state.context(remembered, self._space)

    def forecast(self, remembered: Remembered, known: Sums) -> Forecast:
        """What is expected of the next customer turn."""
        _, next_, rise = known
        return Forecast(probability(next_), probability(rise) if self._tells_rises and remembered.turns else None)

    def read(self, remembered: Remembered, known: Sums, terms: list[int], cues: list[str], numbers: Numbers) -> Reading:
        """A customer's turn that could be read."""
        answer, weights = remembered.operator[0], self._now
        parts = {"dialogue": known[0] - answer, ANSWER: answer}
        for name, features in dialogue_state.turn(remembered, terms, cues, numbers).items():
            if features:
                parts[name] = sum([weights[place] * value for place, value in features.items()])
        return Reading(probability(sum(parts.values())), {name: part for name, part in parts.items() if part})

    def answered(self, remembered: Remembered, terms: list[int], cues: list[str], numbers: Numbers) -> Remembered:
        """The dialogue after a message of operator or bot."""
        return dialogue_state.answered(remembered, terms, cues, numbers, self._space)

    def after(self, remembered: Remembered, terms: list[int], cues: list[str], numbers: Numbers) -> Remembered:
        """The dialogue after a customer's turn."""
        return dialogue_state.after(remembered, terms, cues, numbers, self._space)


@cache
def shipped_model() -> TextModel:
    """The model a new deployment begins with."""
    return TextModel(shipped())


def probability(log_odds: float) -> float:
    """Logistic function."""
    if log_odds < 0:
        grown = exp(max(log_odds, -700.0))
        return grown / (1.0 + grown)
    return 1.0 / (1.0 + exp(-min(log_odds, 700.0)))
