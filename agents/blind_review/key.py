"""The key of a blind review: which decision is on which side of which pair. It has lengths, but no texts."""

import os
from pathlib import Path

import msgspec

from agents.common.errors import Failure
from agents.common.files import file_errors, read_bytes

VERSION = 1


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reply: whose it is, and its length in words."""

    decision_id: str
    conversation_id: str
    tenant: str
    channel: str
    words: int


class SealedPair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sides of one pair, as the sheet shows them."""

    pair_id: str
    a: Side
    b: Side


class ReviewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="tenor blind review", tag_field="key"):
    """What an import needs to know of an export.

    Attributes:
        study: id of this export.
        seed: seed of the drawn pairs, sides and order.
        exported_at: milliseconds; every rating of the review carries it, so that importing twice changes nothing.
    """

    study: str
    seed: int
    exported_at: int
    pairs: list[SealedPair]
    version: int = VERSION

    def by_name(self) -> dict[str, SealedPair]:
        return {pair.pair_id: pair for pair in self.pairs}


def write_key(path: Path, key: ReviewKey) -> None:
    """Write the key, readable by its owner only. ``Failure`` if it cannot be written or exists already."""
    write_new_file(path, msgspec.json.format(msgspec.json.encode(key), indent=1) + b"\n")


def write_new_file(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet, readable by its owner only."""
    if path.exists():
        raise Failure(f"{path} already exists", "choose a new directory: an export never overwrites files")
    with (
        file_errors(path, "written"),
        open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file,
    ):
        file.write(data)


def read_key(path: Path) -> ReviewKey:
    """Read a key. ``Failure`` for a file that is no key."""
    data = read_bytes(path)
    try:
        key = msgspec.json.decode(data, type=ReviewKey)
    except msgspec.DecodeError as error:
        raise Failure(f"{path} is not the key of a blind review: {error}") from None
    if key.version != VERSION:
        raise Failure(f"{path} has version {key.version}; this version of Tenor reads {VERSION}")
    return key
