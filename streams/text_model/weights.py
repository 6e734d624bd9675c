"""Weights: three linear heads over one hashed feature space, as arrays and as bytes.

Heads: ``now`` (frustrated, after reading the turn), ``next`` (the same, before it is seen) and ``rise`` (more
frustrated than at the last labelled turn, before it is seen); each gives log odds.

Bytes: MessagePack, little-endian arrays of the weights that are not zero. No pickle.
"""

import sys
from array import array
from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple

import msgspec

BITS = 17
SIZE = 1 << BITS
# Numbers have places of their own behind the hashed features, so that no term can collide with them.
READ = ("sentiment", "displeasure", "distress", "negations", "second_person")
NUMBERS = ("bias", *(f"{when}.{name}" for when in ("text", "previous", "so_far") for name in READ))
PLACES = {name: SIZE + place for place, name in enumerate(NUMBERS)}
LENGTH = SIZE + len(NUMBERS)
HEADS = ("now", "next", "rise")


class Weights(NamedTuple):
    """The model. Each head has ``LENGTH`` float32 weights; ``version`` is their digest."""

    now: "array[float]"
    next: "array[float]"
    rise: "array[float]"
    version: str


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """One head as bytes: indices (uint32) and values (float32) of the weights that are not zero."""

    indices: bytes
    values: bytes


class WeightsError(ValueError):
    """Bytes that are not weights this version can use."""


def empty() -> Weights:
    """Weights that know nothing: every probability is one half."""
    return of({})


def of(heads: Mapping[str, Mapping[int, float]]) -> Weights:
    """Weights from place and value by head; ``WeightsError`` for a place outside of the space."""
    now, next_, rise = (dense(heads.get(head, {})) for head in HEADS)
    return Weights(now, next_, rise, digest(now, next_, rise))


def dense(weights: Mapping[int, float]) -> "array[float]":
    values = array("f", bytes(4 * LENGTH))
    for place, value in weights.items():
        if not 0 <= place < LENGTH:
            raise WeightsError(f"feature {place} is outside of 0 to {LENGTH - 1}")
        values[place] = value
    return values


def digest(*heads: "array[float]") -> str:
    """Name of these weights, 16 hex digits."""
    state = blake2b(digest_size=8)
    for head in heads:
        state.update(little(head))
    return state.hexdigest()


def pack(weights: Weights) -> bytes:
    """Bytes of the weights; the same weights give the same bytes."""
    return msgspec.msgpack.encode([packed(head) for head in weights[:3]])


def packed(head: "array[float]") -> Packed:
    used = array("I", [index for index, value in enumerate(head) if value])
    return Packed(little(used), little(array("f", [head[index] for index in used])))


def unpack(data: bytes) -> Weights:
    """Weights from ``pack``; ``WeightsError`` when the bytes are something else."""
    try:
        heads = msgspec.msgpack.decode(data, type=list[Packed])
        named = {name: dict(zip(*arrays(head), strict=True)) for name, head in zip(HEADS, heads, strict=True)}
    except (msgspec.MsgspecError, ValueError) as error:
        raise WeightsError(f"not weights of a text model: {error}") from None
    return of(named)


def arrays(head: Packed) -> "tuple[array[int], array[float]]":
    indices, values = array("I", head.indices), array("f", head.values)
    if sys.byteorder == "big":
        indices.byteswap()
        values.byteswap()
    return indices, values


def little(values: "array[int] | array[float]") -> bytes:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()
