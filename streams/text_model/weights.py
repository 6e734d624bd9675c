"""Weights: three linear heads over one hashed feature space, as arrays and as bytes.

Heads: ``now`` (frustrated, after reading the turn), ``next`` (the same, before reading it) and ``rise`` (more
frustrated than at the last labelled turn, before reading it). Each gives log odds.

Bytes: the heads one after another in half precision, little-endian, compressed. No pickle.
"""

import struct
import zlib
from array import array
from collections.abc import Mapping
from hashlib import blake2b
from math import isfinite
from typing import NamedTuple

BITS = 17
SIZE = 1 << BITS
# Numbers have places of their own behind the hashed features, so that no term collides with them.
READ = ("sentiment", "displeasure", "distress", "negations", "second_person")
NUMBERS = ("bias", *(f"{when}.{name}" for when in ("text", "previous", "so_far") for name in READ))
PLACES = {name: SIZE + place for place, name in enumerate(NUMBERS)}
LENGTH = SIZE + len(NUMBERS)
HEADS = ("now", "next", "rise")
HALVES = struct.Struct(f"<{LENGTH}e")
LARGEST = 60_000.0  # of half precision, about


class Weights(NamedTuple):
    """The model. Each head has ``LENGTH`` float32 weights; ``version`` is their digest."""

    now: "array[float]"
    next: "array[float]"
    rise: "array[float]"
    version: str


class WeightsError(ValueError):
    """Bytes that are not weights this version can use."""


def zero_weights() -> Weights:
    """Zero weights: every probability is one half."""
    return from_heads({})


def from_heads(heads: Mapping[str, Mapping[int, float]]) -> Weights:
    """Weights from values by head and place; ``WeightsError`` for a place outside the feature space."""
    now, next_, rise = (to_dense(heads.get(head, {})) for head in HEADS)
    return Weights(now, next_, rise, compute_version(now, next_, rise))


def to_dense(weights: Mapping[int, float]) -> "array[float]":
    """All weights of a head, rounded to half precision, so that the published weights are exactly those in use."""
    values = [0.0] * LENGTH
    for place, value in weights.items():
        if not 0 <= place < LENGTH:
            raise WeightsError(f"feature {place} is outside of 0 to {LENGTH - 1}")
        values[place] = min(max(value, -LARGEST), LARGEST)
    return array("f", HALVES.unpack(HALVES.pack(*values)))


def compute_version(*heads: "array[float]") -> str:
    """Version of these weights: their digest, 16 hex digits."""
    state = blake2b(digest_size=8)
    for head in heads:
        state.update(HALVES.pack(*head))
    return state.hexdigest()


def pack(weights: Weights) -> bytes:
    """Encode weights, a few hundred kilobytes."""
    return zlib.compress(b"".join(HALVES.pack(*head) for head in weights[:3]), level=9)


def unpack(data: bytes) -> Weights:
    """Decode weights; ``WeightsError`` when the bytes are not weights."""
    try:
        values = zlib.decompress(data)
        now, next_, rise = (require_finite(array("f", head)) for head in HALVES.iter_unpack(values))
    except (zlib.error, struct.error, ValueError) as error:
        raise WeightsError(f"not weights of a text model: {error}") from None
    return Weights(now, next_, rise, compute_version(now, next_, rise))


def require_finite(values: "array[float]") -> "array[float]":
    """The same values; ``ValueError`` when one is not finite."""
    if not isfinite(sum(values)):
        raise ValueError("a weight is not a finite number")
    return values
