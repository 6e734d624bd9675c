"""Deterministic ids and draws: the same conversation gives the same ids, live or in replay."""

from hashlib import blake2b

SEPARATOR = "\x1f"


def stable_id(*parts: str | int) -> str:
    """A 128-bit id of the parts, as 32 hex digits."""
    return blake2b(key(*parts).encode(), digest_size=16).hexdigest()


def lottery(decision_id: str, salt: str) -> float:
    """Uniform draw in [0, 1): a keyed hash of the decision id, so that an audit can repeat it.

    Args:
        decision_id: what the draw is for.
        salt: the experiment's secret; another salt is another experiment. At most 64 bytes.
    """
    digest = blake2b(decision_id.encode(), key=salt.encode()[:64], digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def key(*parts: object) -> str:
    """A key of several parts; no id contains the separator."""
    return SEPARATOR.join(map(str, parts))
