"""Pairs: a reply under intervention beside one under control, alike in channel, level and turn. Pure.

Nothing here looks at which arm is which beyond keeping them apart: swap the labels, and the same pairs come out, in the
same order, on the same sides. What is drawn is a keyed hash of the decisions' ids.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.blind_review.replies import Exchange
from streams import ids

CALIPER = 1.0  # standard deviations; what is further apart is no pair
LARGEST = 1000  # replies of an arm and channel that are compared with all of the other arm


class Pair(NamedTuple):
    """Two replies, one of each arm, on sides that do not tell which."""

    pair_id: str
    a: Exchange
    b: Exchange


def pairs(exchanges: Sequence[Exchange], wanted: int, seed: int) -> list[Pair]:
    """Up to ``wanted`` pairs, in random order. Of more, a random choice: the closest would not stand for all.

    Args:
        exchanges: of one tenant, one a conversation.
        seed: same seed, same pairs, sides and order.
    """
    ordered = sorted(exchanges, key=lambda one: one.decision.decision_id)
    positions = standardised(ordered)
    strata: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for place, one in enumerate(ordered):
        strata[one.decision.channel][one.decision.control].append(place)
    tickets = np.array([draw("match", seed, one) for one in ordered])
    matched = [pair for arms in strata.values() for pair in nearest(*arms, positions, tickets)]
    found = [on_sides(ordered[i], ordered[j], seed) for i, j in matched]
    return sorted(found, key=lambda pair: draw("order", seed, pair.a, pair.b))[:wanted]


def standardised(exchanges: Sequence[Exchange]) -> Any:
    """Level and logarithm of the turn, each in standard deviations over all."""
    raw = np.array([[one.decision.level, np.log(one.decision.turn)] for one in exchanges]).reshape(-1, 2)
    spread = raw.std(axis=0) if len(raw) else np.ones(2)
    return raw / np.where(spread > 0, spread, 1.0)


def nearest(treated: list[int], control: list[int], positions: Any, tickets: Any) -> list[tuple[int, int]]:
    """Greedy nearest neighbours without replacement, closest first.

    Of equally close ones the lower ticket goes first, within either arm: so it does not matter which arm is which.
    """
    left, right = (sorted(arm, key=lambda place: tickets[place])[:LARGEST] for arm in (treated, control))
    distance = np.hypot(*(np.subtract.outer(axis[left], axis[right]) for axis in positions.T)).ravel()
    order = np.argsort(distance, kind="stable")
    taken: dict[int, int] = {}
    used: set[int] = set()
    for edge in order[: np.searchsorted(distance[order], CALIPER, side="right")]:
        i, j = left[edge // len(right)], right[edge % len(right)]
        if i not in taken and j not in used:
            taken[i] = j
            used.add(j)
    return list(taken.items())


def on_sides(one: Exchange, other: Exchange, seed: int) -> Pair:
    a, b = sorted((one, other), key=lambda exchange: draw("side", seed, exchange))
    name = ids.stable_id("blind-review", seed, a.decision.decision_id, b.decision.decision_id)
    return Pair(f"pair-{name[:12]}", a, b)  # a letter first: spreadsheets take 1e5 for a number


def draw(what: str, seed: int, *exchanges: Exchange) -> float:
    """Uniform in [0, 1), by keyed hash."""
    return ids.lottery(ids.key(*(one.decision.decision_id for one in exchanges)), f"blind-review {what} {seed}")
