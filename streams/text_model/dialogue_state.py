"""The dialogue state: what the model remembers of a conversation, and the features of a customer turn in it.

The model is linear, so earlier messages can be remembered in two forms. Where the model is used: three sums, one per
head, a few bytes in the conversation's state. Where it is learned: the features themselves. ``FeatureSpace`` is the
difference; everything else is the same code.

Groups of terms: the customer's turn, what the operator or bot wrote since the last turn, the customer's previous turn,
and all customer turns so far. Binned numbers and cues come in addition. The weights of the groups were chosen on public
dialogues; see the model card.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import cache
from math import sqrt
from typing import Generic, Protocol, TypeVar

import msgspec

from streams.text_model import hashing
from streams.text_model.weights import PLACES, SIZE

V = TypeVar("V")
Features = dict[int, float]
Numbers = Mapping[str, float | None]

MASK = SIZE - 1
DROPPED_BITS = 9  # low bits of the product that the place does not use
MULTIPLIER = 2654435761 % (SIZE << DROPPED_BITS)  # the mask drops the rest; small integers are faster
TURN, OPERATOR, PREVIOUS, EARLIER = map(hashing.hash_term, ("turn", "operator", "previous", "earlier"))
TURN_WEIGHT, OPERATOR_WEIGHT, PREVIOUS_WEIGHT, EARLIER_WEIGHT = 1.0, 0.7, 0.3, 0.12
BIN_WEIGHT = 0.3
IGNORED_CUES = "topic."  # cues that name a topic: the terms already carry it
# Up to this many terms, long messages weigh as much as short ones; beyond it they weigh more.
LONG_MESSAGE = 40
# Numbers of a turn that later turns also see, each with the scale that makes it about as large as a bin.
CARRIED_NUMBERS = {"sentiment": 1.0, "displeasure": 0.6, "distress": 0.6, "negations": 0.3, "second_person": 4.0}
CARRIED_NAMES = tuple(f"text.{name}" for name in CARRIED_NUMBERS)
# Name of each number in a signal, its place in the features of its own or of the next turn, and its scale.
TURN_NUMBERS = tuple((f"text.{name}", PLACES[f"text.{name}"], scale) for name, scale in CARRIED_NUMBERS.items())
PREVIOUS_NUMBERS = tuple((f"text.{name}", PLACES[f"previous.{name}"], scale) for name, scale in CARRIED_NUMBERS.items())
RUNNING_PLACES = {name: PLACES[f"so_far.{name}"] for name in CARRIED_NUMBERS}
LARGEST_NUMBER = 3.0
DECAY = 0.7
LENGTHS = (1, 2, 4, 7, 11, 16, 24, 40)
SENTIMENTS = (-0.6, -0.3, -0.05, 0.05, 0.3, 0.6)
OVERLAPS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75)
TURNS = (0, 1, 2, 3, 4, 6, 8, 11, 15)
ANSWERS = (0, 1, 2)
BINS = {
    "text.words": LENGTHS,
    "text.sentiment": SENTIMENTS,
    "text.questions": (0, 1),
    "text.exclamations": (0, 1),
    "text.capitals": (0.0, 0.2),
}


class FeatureSpace(Protocol[V]):
    """How features are remembered: as sums or as they are."""

    def project(self, features: Features) -> V: ...
    def add(self, left: V, right: V) -> V: ...
    def decay(self, value: V) -> V: ...


class Dialogue(msgspec.Struct, Generic[V], frozen=True, array_like=True, gc=False):
    """What the model remembers of a conversation.

    Attributes:
        operator: what operator and bot wrote since the customer's last turn.
        previous: the customer's last turn, as the next turn sees it.
        earlier: all customer turns, decaying.
        turns: customer turns so far.
        answers: messages of operator and bot since the customer's last turn.
        so_far: decaying sums of the numbers in ``CARRIED_NUMBERS``, in that order; the last entry is their weight.
        asked: sketch of everything the customer wrote.
        answered: sketch of everything operator and bot wrote.
    """

    operator: V
    previous: V
    earlier: V
    turns: int = 0
    answers: int = 0
    so_far: tuple[float, ...] = (0.0,) * (len(CARRIED_NUMBERS) + 1)
    asked: tuple[int, ...] = ()
    answered: tuple[int, ...] = ()


def new_dialogue(space: FeatureSpace[V]) -> Dialogue[V]:
    """An empty dialogue."""
    empty = space.project({})
    return Dialogue(empty, empty, empty)


def context_features(dialogue: Dialogue[V], space: FeatureSpace[V]) -> V:
    """Features of the next customer turn that are known before it is read."""
    features = {
        PLACES["bias"]: 1.0,
        bin_place("dialogue.turn", dialogue.turns, TURNS): BIN_WEIGHT,
        bin_place("dialogue.answers", dialogue.answers, ANSWERS): BIN_WEIGHT,
        **running_means(dialogue),
    }
    history = space.add(dialogue.operator, space.add(dialogue.previous, dialogue.earlier))
    return space.add(history, space.project(features))


def running_means(dialogue: Dialogue[V]) -> Features:
    """Weighted means of the customer's numbers over the conversation; recent turns count more."""
    weight = dialogue.so_far[-1]
    if not weight:
        return {}
    sums = zip(CARRIED_NUMBERS.items(), dialogue.so_far, strict=False)
    return {RUNNING_PLACES[name]: scale * total / weight for (name, scale), total in sums}


def add_reply(
    dialogue: Dialogue[V], terms: list[int], cues: list[str], numbers: Numbers, space: FeatureSpace[V]
) -> Dialogue[V]:
    """The dialogue after a message of operator or bot."""
    sketch = hashing.sketch(terms)
    features = term_features(terms, OPERATOR, OPERATOR_WEIGHT)
    features |= bin_features("operator", numbers)
    features |= cue_features(cues)
    features |= overlap_features("operator.repeats", sketch, dialogue.answered)
    features |= overlap_features("operator.on_topic", sketch, dialogue.asked)
    return msgspec.structs.replace(
        dialogue,
        operator=space.add(dialogue.operator, space.project(features)),
        answers=dialogue.answers + 1,
        answered=hashing.extend_sketch(dialogue.answered, sketch),
    )


def turn_features(dialogue: Dialogue[V], terms: list[int], cues: list[str], numbers: Numbers) -> dict[str, Features]:
    """Features of a customer turn itself, by the name that explains them."""
    sketch = hashing.sketch(terms)
    parts = {"text.terms": term_features(terms, TURN, TURN_WEIGHT), "text.form": bin_features("turn", numbers)}
    parts |= {cue: flag for cue in cues if (flag := cue_features([cue]))}
    parts["text.repetition"] = overlap_features("turn.repeats", sketch, dialogue.asked)
    parts["text.echo"] = overlap_features("turn.echoes", sketch, dialogue.answered)
    for name, place, scale in TURN_NUMBERS:
        value = numbers.get(name)
        parts[name] = {} if value is None else {place: min(value, LARGEST_NUMBER) * scale}
    return parts


def add_turn(
    dialogue: Dialogue[V], terms: list[int], cues: list[str], numbers: Numbers, space: FeatureSpace[V]
) -> Dialogue[V]:
    """The dialogue after a customer's turn."""
    features = term_features(terms, PREVIOUS, PREVIOUS_WEIGHT)
    features |= bin_features("previous", numbers)
    features |= cue_features(cues, "previous.")
    features |= {
        place: min(value, LARGEST_NUMBER) * scale
        for name, place, scale in PREVIOUS_NUMBERS
        if (value := numbers.get(name)) is not None
    }
    return Dialogue(
        operator=space.project({}),
        previous=space.project(features),
        earlier=space.add(space.decay(dialogue.earlier), space.project(term_features(terms, EARLIER, EARLIER_WEIGHT))),
        turns=dialogue.turns + 1,
        so_far=update_running_sums(dialogue.so_far, numbers),
        asked=hashing.extend_sketch(dialogue.asked, terms),
        answered=dialogue.answered,
    )


def update_running_sums(sums: tuple[float, ...], numbers: Numbers) -> tuple[float, ...]:
    """The decaying sums after one more turn; a turn that could not be read changes nothing."""
    values = [value for name in CARRIED_NAMES if (value := numbers.get(name)) is not None]
    if len(values) < len(CARRIED_NUMBERS):
        return sums
    return tuple(
        [DECAY * total + min(value, LARGEST_NUMBER) for total, value in zip(sums, [*values, 1.0], strict=True)]
    )


def term_features(terms: list[int], salt: int, weight: float) -> Features:
    """Terms of one group, the whole of length ``weight``, a message beyond ``LONG_MESSAGE`` terms longer."""
    weight_of_each = weight / sqrt(min(len(terms), LONG_MESSAGE)) if terms else 0.0
    return dict.fromkeys([((term ^ salt) * MULTIPLIER >> DROPPED_BITS) & MASK for term in terms], weight_of_each)


def bin_features(group: str, numbers: Numbers) -> Features:
    """Bins the numbers of a message fall in; unknown numbers have none."""
    return {
        places[bisect_left(edges, value)]: BIN_WEIGHT
        for name, edges, places in bin_places(group)
        if (value := numbers.get(name)) is not None
    }


@cache
def bin_places(group: str) -> list[tuple[str, tuple[float, ...], list[int]]]:
    """Names of the numbers, with their edges and the places of their bins."""
    return [
        (name, edges, [place_of_bin(f"{group}.{name}", place) for place in range(len(edges) + 1)])
        for name, edges in BINS.items()
    ]


def cue_features(cues: Iterable[str], prefix: str = "") -> Features:
    return {place_of_name(prefix + cue): BIN_WEIGHT for cue in cues if not cue.startswith(IGNORED_CUES)}


def overlap_features(name: str, sketch: tuple[int, ...], earlier: tuple[int, ...]) -> Features:
    share = hashing.containment(sketch, earlier)
    return {} if share is None else {bin_place(name, share, OVERLAPS): BIN_WEIGHT}


def bin_place(name: str, value: float, edges: tuple[float, ...]) -> int:
    """Place of the bin a number falls in."""
    return place_of_bin(name, bisect_left(edges, value))


@cache
def place_of_bin(name: str, place: int) -> int:
    return place_of_name(f"{name}={place}")


@cache
def place_of_name(name: str) -> int:
    """Place of a named feature."""
    return (hashing.hash_term(name) * MULTIPLIER >> DROPPED_BITS) & MASK


# Features every turn has, whatever its words: how often turns are frustrated.
BASE_RATE = frozenset(
    (
        PLACES["bias"],
        *(place_of_bin("dialogue.turn", place) for place in range(len(TURNS) + 1)),
        *(place_of_bin("dialogue.answers", place) for place in range(len(ANSWERS) + 1)),
    )
)
