"""Learned lexicons: score a text by its terms, like a sentiment lexicon but learned.

A lexicon is trained once on labelled texts (see the model card), shipped, and frozen: it is read at ingest, where
the model that learns online takes it as one feature among others. Values are log odds around 0.
"""

import struct
from array import array
from collections.abc import Mapping, Sequence
from math import sqrt

import msgspec

from streams.text_model.weights import WeightsError, require_finite

BITS = 16
SIZE = 1 << BITS
MASK = SIZE - 1
DROPPED_BITS = 7  # low bits of the product that the place does not use
MULTIPLIER = 2654435761 % (
    SIZE << DROPPED_BITS
)  # what the rest of it would add, the mask takes away; small numbers are quick
HALVES = struct.Struct(f"<{SIZE}e")


def term_place(term: int) -> int:
    """Index of a term in a lexicon."""
    return (term * MULTIPLIER >> DROPPED_BITS) & MASK


def text_features(terms: Sequence[int]) -> dict[int, float]:
    """Features of a text: each term once, scaled to unit length."""
    weight = 1 / sqrt(len(terms)) if terms else 0.0
    return dict.fromkeys(map(term_place, terms), weight)


def score(lexicon: "array[float]", terms: Sequence[int]) -> float | None:
    """Score of a text in one lexicon; None without terms."""
    return scores({"": lexicon}, terms)[""]


def scores(lexicons: "Mapping[str, array[float]]", terms: Sequence[int]) -> dict[str, float | None]:
    """Score of a text in each lexicon; None without terms."""
    if not terms:
        return dict.fromkeys(lexicons)
    # ``term_place`` inlined: a call for each of some forty terms takes ten times as long.
    places, length = [(term * MULTIPLIER >> DROPPED_BITS) & MASK for term in terms], sqrt(len(terms))
    return {name: sum(map(values.__getitem__, places)) / length for name, values in lexicons.items()}


def from_weights(weights: Mapping[int, float]) -> "array[float]":
    """A lexicon from weights by place; ``WeightsError`` for a place outside the lexicon."""
    values = array("f", bytes(4 * SIZE))
    for index, value in weights.items():
        if not 0 <= index < SIZE:
            raise WeightsError(f"place {index} is outside of 0 to {SIZE - 1}")
        values[index] = value
    return values


def pack(lexicons: Mapping[str, "array[float]"]) -> bytes:
    """Encode named lexicons, values in half precision."""
    return msgspec.msgpack.encode({name: HALVES.pack(*values) for name, values in sorted(lexicons.items())})


def unpack(data: bytes) -> dict[str, "array[float]"]:
    """Decode named lexicons; ``WeightsError`` when the bytes are not lexicons."""
    try:
        packed = msgspec.msgpack.decode(data, type=dict[str, bytes])
        return {name: require_finite(array("f", HALVES.unpack(values))) for name, values in packed.items()}
    except (msgspec.MsgspecError, struct.error, ValueError) as error:
        raise WeightsError(f"not lexicons: {error}") from None
