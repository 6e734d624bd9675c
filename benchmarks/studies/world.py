"""A tenant made up for the studies: conversations of ten decisions that share the customer's own way.

Rewards are level changes, standard deviation .22, 30 % of the variance shared by a conversation; chances are drawn
anew for every decision, control has a fifth. What is predicted is wrong on purpose: estimates must not rely on it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from streams.experiment.effects import MaturedDecision
from streams.interventions.options import CONTROL

OPTIONS = ("a", "b", "c", "d", "e")
ARMS = (CONTROL, *OPTIONS)
CONTROL_SHARE = 0.2
FLOOR = 0.02
SD = 0.22
SHARED = 0.3
LENGTH = 10
PULL = 0.1
EFFECTS = {CONTROL: 0.0, "a": 0.08, "b": 0.03, "c": 0.0, "d": -0.03, "e": -0.08}


class World(NamedTuple):
    """What is true.

    Attributes:
        effects: mean reward of every option.
        shared: share of the rewards' variance that a conversation's decisions have in common.
    """

    effects: Mapping[str, float] = EFFECTS
    shared: float = SHARED


def conversation_effects(rng: np.random.Generator, shape: tuple[int, ...], shared: float) -> np.ndarray:
    """The part of the reward a conversation shares, for every decision: the last axis is in decision order."""
    number = -(-shape[-1] // LENGTH)
    drawn = rng.normal(0, SD * shared**0.5, (*shape[:-1], number))
    return np.repeat(drawn, LENGTH, axis=-1)[..., : shape[-1]]


def chances(rng: np.random.Generator, number: int) -> np.ndarray:
    """Total propensities: control, then the options, each decision its own."""
    shares = rng.dirichlet([3.0] * len(OPTIONS), number) * (1 - FLOOR * len(OPTIONS)) + FLOOR
    return np.column_stack([np.full(number, CONTROL_SHARE), shares * (1 - CONTROL_SHARE)])


def log(rng: np.random.Generator, world: World, conversations: int) -> list[MaturedDecision]:
    """A log of matured decisions, in decision order."""
    number = conversations * LENGTH
    odds, context = chances(rng, number), rng.normal(0, 1, number)
    chosen = (rng.random(number)[:, None] > odds.cumsum(axis=1)[:, :-1]).sum(axis=1)
    effects = np.array([world.effects[arm] for arm in ARMS])
    noise = rng.normal(0, SD * (1 - world.shared) ** 0.5, number)
    rewards = effects[chosen] + PULL * context + conversation_effects(rng, (number,), world.shared) + noise
    predicted = PULL / 2 * context[:, None] + rng.normal(0, 0.05, len(ARMS))
    rows = zip(chosen.tolist(), rewards.tolist(), odds.tolist(), predicted.tolist(), strict=True)
    return [
        MaturedDecision(
            str(i // LENGTH), ARMS[arm], reward, dict(zip(ARMS, p, strict=True)), dict(zip(ARMS, q, strict=True))
        )
        for i, (arm, reward, p, q) in enumerate(rows)
    ]
