"""Shares and their 95 % intervals. Pure."""

from math import sqrt
from typing import Any

Z2_95 = 1.959964**2  # square of the normal 97.5 % quantile


def wilson(hits: float, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); ``hits`` out of ``of``, at least one, need not be whole.

    Unlike the share give or take its standard error, it stays within 0 and 1 and tells 3 of 3 from 30 of 30.
    """
    share = hits / of
    middle, half = share + Z2_95 / (2 * of), sqrt(Z2_95 * (share * (1 - share) / of + Z2_95 / (4 * of * of)))
    low, high = (middle - half) / (1 + Z2_95 / of), (middle + half) / (1 + Z2_95 / of)
    return (max(0.0, low) if hits else 0.0), (min(1.0, high) if hits < of else 1.0)


def share(hits: int, of: int) -> dict[str, Any]:
    """How many of how many, and the share with its 95 % interval; None of none."""
    if not of:
        return {"hits": 0, "of": 0, "share": None, "low": None, "high": None}
    low, high = wilson(hits, of)
    return {"hits": hits, "of": of, "share": hits / of, "low": low, "high": high}
