"""Pseudonyms of ids, so that a log or a topic can say whom it is about without the id."""

from hashlib import sha256


def pseudonymize(name: str | bytes) -> str:
    """What stands for an id: SHA-256 in hex, which ClickHouse knows, too."""
    return sha256(name.encode() if isinstance(name, str) else name).hexdigest()
