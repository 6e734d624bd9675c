"""The dialogue: what is remembered of a conversation, and the features of a customer's turn in it.

The model is linear, so what earlier messages say about the next turn can be remembered in two shapes: as three sums
(one a head) where the model is used, a few bytes in the conversation's state; as the features themselves where it is
learned. ``FeatureSpace`` is the difference, everything else is the same code.

Groups of terms: the customer's turn, what the operator or bot said since the last one, the customer's turn before, and
all of them so far. Binned numbers and cues stand beside them. Weights of groups were chosen on public dialogues; see
the model card.
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
DROPPED = 9  # bits of the product below those that make the place
MULTIPLIER = 2654435761 % (
    SIZE << DROPPED
)  # what the rest of it would add, the mask takes away; small numbers are quick
TURN, OPERATOR, PREVIOUS, EARLIER = map(hashing.hashed, ("turn", "operator", "previous", "earlier"))
TURN_WEIGHT, OPERATOR_WEIGHT, PREVIOUS_WEIGHT, EARLIER_WEIGHT = 1.0, 0.7, 0.3, 0.12
BIN_WEIGHT = 0.3
NOT_READ = "topic."  # cues that name what is spoken of: the terms say it already
# Terms beyond this many make a message weigh more; up to it, longer messages weigh as much as short ones.
LONG = 40
# Numbers of a turn, also handed on to later ones, with the scale that makes them about as large as a bin.
HANDED_ON = {"sentiment": 1.0, "displeasure": 0.6, "distress": 0.6, "negations": 0.3, "second_person": 4.0}
SAID = tuple(f"text.{name}" for name in HANDED_ON)
# Name of each number in a signal, its place in the features of its own turn or of the next one, and its scale.
NOW = tuple((f"text.{name}", PLACES[f"text.{name}"], scale) for name, scale in HANDED_ON.items())
PREVIOUSLY = tuple((f"text.{name}", PLACES[f"previous.{name}"], scale) for name, scale in HANDED_ON.items())
SO_FAR = {name: PLACES[f"so_far.{name}"] for name in HANDED_ON}
MOST = 3.0
FADING = 0.7
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
    """How what was read is remembered: as sums or as features."""

    def read(self, features: Features) -> V: ...
    def plus(self, one: V, other: V) -> V: ...
    def faded(self, one: V) -> V: ...


class Dialogue(msgspec.Struct, Generic[V], frozen=True, array_like=True, gc=False):
    """What the model remembers of a conversation.

    Attributes:
        operator: what operator and bot said since the customer's last turn.
        previous: the customer's last turn, as the turn after it sees it.
        earlier: all of the customer's turns, fading.
        turns: customer turns so far.
        answers: messages of operator and bot since the customer's last turn.
        so_far: fading sums of the numbers in ``HANDED_ON``, in that order; the last entry is their weight.
        asked: sketch of all the customer wrote.
        answered: sketch of all operator and bot wrote.
    """

    operator: V
    previous: V
    earlier: V
    turns: int = 0
    answers: int = 0
    so_far: tuple[float, ...] = (0.0,) * (len(HANDED_ON) + 1)
    asked: tuple[int, ...] = ()
    answered: tuple[int, ...] = ()


def start(space: FeatureSpace[V]) -> Dialogue[V]:
    """A dialogue before anything was said."""
    nothing = space.read({})
    return Dialogue(nothing, nothing, nothing)


def context(dialogue: Dialogue[V], space: FeatureSpace[V]) -> V:
    """All that is known of the next customer turn before it is seen."""
    known = {
        PLACES["bias"]: 1.0,
        binned("dialogue.turn", dialogue.turns, TURNS): BIN_WEIGHT,
        binned("dialogue.answers", dialogue.answers, ANSWERS): BIN_WEIGHT,
        **so_far(dialogue),
    }
    remembered = space.plus(dialogue.operator, space.plus(dialogue.previous, dialogue.earlier))
    return space.plus(remembered, space.read(known))


def so_far(dialogue: Dialogue[V]) -> Features:
    """Means of the customer's numbers over the conversation, recent turns first."""
    weight = dialogue.so_far[-1]
    if not weight:
        return {}
    sums = zip(HANDED_ON.items(), dialogue.so_far, strict=False)
    return {SO_FAR[name]: scale * total / weight for (name, scale), total in sums}


def answered(
    dialogue: Dialogue[V], found: list[int], cues: list[str], numbers: Numbers, space: FeatureSpace[V]
) -> Dialogue[V]:
    """The dialogue after a message of operator or bot."""
    sketched = hashing.sketch(found)
    features = grouped(found, OPERATOR, OPERATOR_WEIGHT)
    features |= bins("operator", numbers)
    features |= flags(cues)
    features |= overlap("operator.repeats", sketched, dialogue.answered)
    features |= overlap("operator.on_topic", sketched, dialogue.asked)
    return msgspec.structs.replace(
        dialogue,
        operator=space.plus(dialogue.operator, space.read(features)),
        answers=dialogue.answers + 1,
        answered=hashing.sketched_on(dialogue.answered, sketched),
    )


def turn(dialogue: Dialogue[V], found: list[int], cues: list[str], numbers: Numbers) -> dict[str, Features]:
    """Features of a customer's turn itself, by the name they are explained under."""
    sketched = hashing.sketch(found)
    parts = {"text.terms": grouped(found, TURN, TURN_WEIGHT), "text.form": bins("turn", numbers)}
    parts |= {cue: flag for cue in cues if (flag := flags([cue]))}
    parts["text.repetition"] = overlap("turn.repeats", sketched, dialogue.asked)
    parts["text.echo"] = overlap("turn.echoes", sketched, dialogue.answered)
    for said, place, scale in NOW:
        value = numbers.get(said)
        parts[said] = {} if value is None else {place: min(value, MOST) * scale}
    return parts


def after(
    dialogue: Dialogue[V], found: list[int], cues: list[str], numbers: Numbers, space: FeatureSpace[V]
) -> Dialogue[V]:
    """The dialogue after a customer's turn."""
    features = grouped(found, PREVIOUS, PREVIOUS_WEIGHT)
    features |= bins("previous", numbers)
    features |= flags(cues, "previous.")
    features |= {
        place: min(value, MOST) * scale for said, place, scale in PREVIOUSLY if (value := numbers.get(said)) is not None
    }
    return Dialogue(
        operator=space.read({}),
        previous=space.read(features),
        earlier=space.plus(space.faded(dialogue.earlier), space.read(grouped(found, EARLIER, EARLIER_WEIGHT))),
        turns=dialogue.turns + 1,
        so_far=fading(dialogue.so_far, numbers),
        asked=hashing.sketched_on(dialogue.asked, found),
        answered=dialogue.answered,
    )


def fading(sums: tuple[float, ...], numbers: Numbers) -> tuple[float, ...]:
    """The fading sums after one more turn; a turn that could not be read changes nothing."""
    values = [value for name in SAID if (value := numbers.get(name)) is not None]
    if len(values) < len(HANDED_ON):
        return sums
    return tuple([FADING * total + min(value, MOST) for total, value in zip(sums, [*values, 1.0], strict=True)])


def grouped(found: list[int], salt: int, weight: float) -> Features:
    """Terms of one group, the whole of length ``weight``, a message beyond ``LONG`` terms longer."""
    each = weight / sqrt(min(len(found), LONG)) if found else 0.0
    return dict.fromkeys([((term ^ salt) * MULTIPLIER >> DROPPED) & MASK for term in found], each)


def bins(group: str, numbers: Numbers) -> Features:
    """Numbers of a message by the bin they fall in; unknown ones in none."""
    return {
        places[bisect_left(edges, value)]: BIN_WEIGHT
        for name, edges, places in bins_of(group)
        if (value := numbers.get(name)) is not None
    }


@cache
def bins_of(group: str) -> list[tuple[str, tuple[float, ...], list[int]]]:
    """Names of numbers with their edges and the places of their bins."""
    return [
        (name, edges, [binned_place(f"{group}.{name}", place) for place in range(len(edges) + 1)])
        for name, edges in BINS.items()
    ]


def flags(cues: Iterable[str], prefix: str = "") -> Features:
    return {named(prefix + cue): BIN_WEIGHT for cue in cues if not cue.startswith(NOT_READ)}


def overlap(name: str, sketched: tuple[int, ...], earlier: tuple[int, ...]) -> Features:
    share = hashing.containment(sketched, earlier)
    return {} if share is None else {binned(name, share, OVERLAPS): BIN_WEIGHT}


def binned(name: str, value: float, edges: tuple[float, ...]) -> int:
    """Place of the bin a number falls in."""
    return binned_place(name, bisect_left(edges, value))


@cache
def binned_place(name: str, place: int) -> int:
    return named(f"{name}={place}")


@cache
def named(name: str) -> int:
    """Place of a named feature."""
    return (hashing.hashed(name) * MULTIPLIER >> DROPPED) & MASK


# What holds of every turn of a kind, whatever is said in it: how often turns are frustrated.
BASE_RATE = frozenset(
    (
        PLACES["bias"],
        *(binned_place("dialogue.turn", place) for place in range(len(TURNS) + 1)),
        *(binned_place("dialogue.answers", place) for place in range(len(ANSWERS) + 1)),
    )
)
