"""Learned lexicons: a number for a text from the terms in it, like a sentiment lexicon but learned.

A lexicon is trained once on labelled texts (see the model card), shipped, and frozen: it is read at ingest, where
the model that learns online takes it as one feature among others. Values are log odds around 0.
"""

import struct
from array import array
from collections.abc import Mapping, Sequence
from math import sqrt

import msgspec

from streams.text_model.weights import WeightsError, finite

BITS = 16
SIZE = 1 << BITS
MASK = SIZE - 1
DROPPED = 7  # bits of the product below those that make the place
MULTIPLIER = 2654435761 % (
    SIZE << DROPPED
)  # what the rest of it would add, the mask takes away; small numbers are quick
HALVES = struct.Struct(f"<{SIZE}e")


def place(term: int) -> int:
    """Place of a term in a lexicon."""
    return (term * MULTIPLIER >> DROPPED) & MASK


def features(terms: Sequence[int]) -> dict[int, float]:
    """Features of a text: each term once, the whole of length 1."""
    weight = 1 / sqrt(len(terms)) if terms else 0.0
    return dict.fromkeys(map(place, terms), weight)


def score(lexicon: "array[float]", terms: Sequence[int]) -> float | None:
    """What the lexicon says of a text; None without terms."""
    return scores({"": lexicon}, terms)[""]


def scores(lexicons: "Mapping[str, array[float]]", terms: Sequence[int]) -> dict[str, float | None]:
    """What each lexicon says of a text; None without terms."""
    if not terms:
        return dict.fromkeys(lexicons)
    # As ``place`` says, without a call for each of some forty terms: a tenth of the time.
    places, length = [(term * MULTIPLIER >> DROPPED) & MASK for term in terms], sqrt(len(terms))
    return {name: sum(map(values.__getitem__, places)) / length for name, values in lexicons.items()}


def of(weights: Mapping[int, float]) -> "array[float]":
    """A lexicon from weights by place; ``WeightsError`` for a place outside of it."""
    values = array("f", bytes(4 * SIZE))
    for index, value in weights.items():
        if not 0 <= index < SIZE:
            raise WeightsError(f"place {index} is outside of 0 to {SIZE - 1}")
        values[index] = value
    return values


def pack(lexicons: Mapping[str, "array[float]"]) -> bytes:
    """Bytes of named lexicons, values in half precision."""
    return msgspec.msgpack.encode({name: HALVES.pack(*values) for name, values in sorted(lexicons.items())})


def unpack(data: bytes) -> dict[str, "array[float]"]:
    """Named lexicons from ``pack``; ``WeightsError`` when the bytes are something else."""
    try:
        found = msgspec.msgpack.decode(data, type=dict[str, bytes])
        return {name: finite(array("f", HALVES.unpack(values))) for name, values in found.items()}
    except (msgspec.MsgspecError, struct.error, ValueError) as error:
        raise WeightsError(f"not lexicons: {error}") from None
