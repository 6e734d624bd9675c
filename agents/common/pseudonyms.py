"""Pseudonyms of ids, so that a log or a topic can refer to a person without the id."""

from hashlib import sha256


def pseudonymize(name: str | bytes) -> str:
    """The pseudonym of an id: its SHA-256 in hex, which ClickHouse computes, too."""
    return sha256(name.encode() if isinstance(name, str) else name).hexdigest()
