"""Matches replies under intervention with replies under control, by channel, level and turn. Pure.

Matching is symmetric in the arms: with swapped labels the same pairs result, in the same order, on the same sides.
Draws are keyed hashes of the decisions' ids.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from agents.blind_review.replies import Exchange
from streams import ids

CALIPER = 1.0  # largest distance of a pair, standard deviations
MAX_REPLIES = 1000  # replies of an arm and channel that are compared with the other arm


class Pair(NamedTuple):
    """Two replies, one of each arm, on sides drawn by lottery."""

    pair_id: str
    a: Exchange
    b: Exchange


def match_pairs(exchanges: Sequence[Exchange], max_pairs: int, seed: int) -> list[Pair]:
    """Up to ``wanted`` pairs, in random order. Of more, a random sample: the closest would not be representative.

    Args:
        exchanges: of one tenant, one a conversation.
        seed: same seed, same pairs, sides and order.
    """
    ordered = sorted(exchanges, key=lambda exchange: exchange.decision.decision_id)
    positions = standardize(ordered)
    strata: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for index, exchange in enumerate(ordered):
        strata[exchange.decision.channel][exchange.decision.control].append(index)
    tickets = np.array([draw("match", seed, exchange) for exchange in ordered])
    matched = [pair for arms in strata.values() for pair in nearest_neighbours(*arms, positions, tickets)]
    drawn = [build_pair(ordered[i], ordered[j], seed) for i, j in matched]
    return sorted(drawn, key=lambda pair: draw("order", seed, pair.a, pair.b))[:max_pairs]


def standardize(exchanges: Sequence[Exchange]) -> Any:
    """Level and logarithm of the turn, each in standard deviations over all."""
    raw = np.array([[exchange.decision.level, np.log(exchange.decision.turn)] for exchange in exchanges]).reshape(-1, 2)
    spread = raw.std(axis=0) if len(raw) else np.ones(2)
    return raw / np.where(spread > 0, spread, 1.0)


def nearest_neighbours(treated: list[int], control: list[int], positions: Any, tickets: Any) -> list[tuple[int, int]]:
    """Greedy nearest neighbours without replacement, closest first.

    Ties are broken by the lower ticket within either arm, so that the arms are treated alike.
    """
    left, right = (sorted(arm, key=lambda index: tickets[index])[:MAX_REPLIES] for arm in (treated, control))
    distance = np.hypot(*(np.subtract.outer(axis[left], axis[right]) for axis in positions.T)).ravel()
    order = np.argsort(distance, kind="stable")
    matches: dict[int, int] = {}
    used: set[int] = set()
    for edge in order[: np.searchsorted(distance[order], CALIPER, side="right")]:
        i, j = left[edge // len(right)], right[edge % len(right)]
        if i not in matches and j not in used:
            matches[i] = j
            used.add(j)
    return list(matches.items())


def build_pair(exchange: Exchange, other: Exchange, seed: int) -> Pair:
    a, b = sorted((exchange, other), key=lambda exchange: draw("side", seed, exchange))
    name = ids.stable_id("blind-review", seed, a.decision.decision_id, b.decision.decision_id)
    return Pair(f"pair-{name[:12]}", a, b)  # starts with letters: spreadsheets read 1e5 as a number


def draw(what: str, seed: int, *exchanges: Exchange) -> float:
    """Uniform in [0, 1), by keyed hash."""
    return ids.lottery(
        ids.key(*(exchange.decision.decision_id for exchange in exchanges)), f"blind-review {what} {seed}"
    )
