"""Chances seen in few cases: a share with the interval it can be believed in."""

from math import sqrt
from typing import Any

Z_95 = 1.959964


def share(hits: int, of: int) -> dict[str, Any]:
    """How many of how many, and the share with its 95 % interval (Wilson 1927); unknown of none.

    Unlike the share give or take its standard error, it stays within 0 and 1 and tells 3 of 3 from 30 of 30.
    """
    if not of:
        return {"hits": 0, "of": 0, "share": None, "low": None, "high": None}
    found, z2 = hits / of, Z_95 * Z_95
    middle = (found + z2 / (2 * of)) / (1 + z2 / of)
    spread = Z_95 * sqrt(found * (1 - found) / of + z2 / (4 * of * of)) / (1 + z2 / of)
    return {
        "hits": hits,
        "of": of,
        "share": found,
        "low": max(0.0, middle - spread) if hits else 0.0,
        "high": min(1.0, middle + spread) if hits < of else 1.0,
    }
