"""The scenario of a conversation: the customer's true frustration at each of their turns.

Most customers stay quiet. Some rise and stay frustrated, some spike and recover, some arrive angry. The numbers are
chosen for variety, not fitted to a published distribution.
"""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

FRUSTRATED = 0.5
QUIET_CEILING = 0.44
TURNS = (6, 16)


class Scenario(NamedTuple):
    """One scenario.

    Attributes:
        kind: quiet, rising, spiking or high.
        frustration: true frustration at each customer turn, 0 (none) to 1 (furious).
    """

    kind: str
    frustration: tuple[float, ...]


def draw(rng: Random) -> Scenario:
    """A scenario of 6 to 16 customer turns."""
    kind = rng.choices(list(KINDS), [share for share, _ in KINDS.values()])[0]
    frustration = KINDS[kind][1](rng, rng.randint(*TURNS))
    return Scenario(kind, tuple(round(value, 3) for value in frustration))


def quiet(rng: Random, turns: int) -> list[float]:
    """Varies around the person's usual level, always below the frustration threshold."""
    usual = rng.triangular(0.02, 0.34, 0.1)
    return [min(value, QUIET_CEILING) for value in wander(rng, [usual] * turns)]


def rising(rng: Random, turns: int) -> list[float]:
    """Calm at first; from some turn on it rises with every exchange."""
    start, top = rng.uniform(0.05, 0.3), rng.uniform(0.7, 0.98)
    onset, climb = rng.randint(1, max(2, turns // 3)), rng.uniform(0.13, 0.28)
    return wander(rng, [min(start + climb * max(0, turn - onset), top) for turn in range(turns)])


def spiking(rng: Random, turns: int) -> list[float]:
    """One spike, after which the customer calms down."""
    start, peak = rng.uniform(0.08, 0.28), rng.uniform(0.65, 0.95)
    at, lasts, calming = rng.randint(1, turns - 3), rng.randint(2, 4), rng.uniform(0.55, 0.8)
    flare = [(peak - start) * calming ** max(0, turn - lasts) for turn in range(1, turns - at + 1)]
    return wander(rng, [start] * at + [start + above for above in flare])


def high(rng: Random, turns: int) -> list[float]:
    """Angry from the start; stays so, or calms down slowly."""
    start, calming = rng.uniform(0.6, 0.92), rng.choice((1.0, 1.0, 0.97, 0.93, 0.88))
    return wander(rng, [start * calming**turn for turn in range(turns)])


def wander(rng: Random, path: list[float]) -> list[float]:
    """The path with autocorrelated noise, clamped to 0 to 1."""
    noise, disturbed = 0.0, []
    for value in path:
        noise = 0.6 * noise + rng.gauss(0.0, 0.035)
        disturbed.append(min(max(value + noise, 0.0), 1.0))
    return disturbed


KINDS: dict[str, tuple[float, Callable[[Random, int], list[float]]]] = {
    "quiet": (0.70, quiet),
    "rising": (0.13, rising),
    "spiking": (0.07, spiking),
    "high": (0.10, high),
}
