"""Simulated decisions whose true rewards are known, so that regret can be counted.

20,000 decisions a seed, 7 options, 13 features, all drawn from the seed before any policy runs: every policy meets the
same contexts, the same reward of each option, the same delays and the same lottery (common random numbers).

- Context: what the fold knows at a decision point, standardised: level and its uncertainty, slope, alarm, turn,
  minutes, failures, channel, cues, pace, what helped before. Turn and minutes, level and alarm, level and failures
  correlate; channel and cues are yes or no.
- Reward: how far the level falls. A part that does not depend on the option (who is high comes down: regression to the
  mean), plus the option's effect, plus noise of sd .25. An effect is a main effect, a linear part in every feature, and
  products of pairs of features, which no linear policy can know.
- Half way all effects are drawn anew: a new release of the bot, another kind of customer.
- An outcome matures after a log-normal number of further decisions: half after 40, one in ten after 145.

Effect sizes were set on what needs no learning (random, the best fixed option, the linear ceiling: see ``SCALES``) and
never touched after a policy had run.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

OPTIONS, DECISIONS = 7, 20_000
FEATURES = (
    "intercept", "level", "level_sd", "slope", "alarm", "turn", "minutes", "failures", "voice", "repeats", "blames",
    "pace", "helped",
)  # fmt: skip
SIZE = len(FEATURES)
NOISE = 0.25
DELAY_MEDIAN, DELAY_SD = 40.0, 1.0
PAIRS = 4


class Scales(NamedTuple):
    """Standard deviations over options: of the main effect, of a feature's effect, of a pair's."""

    main: float
    linear: float
    pair: float


# Set so that random, the best fixed option and the linear ceiling lose about 4236, 3338 and 586.
SCALES = Scales(main=0.04, linear=0.036, pair=0.043)


class World(NamedTuple):
    """One seed's decisions; rows: decisions, columns: options. A policy sees ``contexts`` and its own rewards only."""

    contexts: Array
    means: Array
    """True expected reward of each option."""
    rewards: Array
    matures: NDArray[np.int64]
    """The decision before which the outcome is known."""
    lotteries: Array


def world(seed: int, decisions: int = DECISIONS, scales: Scales = SCALES) -> World:
    """The decisions of a seed; the change comes half way."""
    rng = np.random.default_rng([2026, seed])
    seen = contexts(rng, decisions)
    half = decisions // 2
    means = np.vstack([effects(rng, part, scales) for part in (seen[:half], seen[half:])]) + common(seen)
    delays = np.ceil(DELAY_MEDIAN * rng.lognormal(0.0, DELAY_SD, decisions)).astype(np.int64)
    return World(
        contexts=seen,
        means=means,
        rewards=means + rng.normal(0.0, NOISE, means.shape),
        matures=np.arange(decisions) + 1 + delays,
        lotteries=rng.random(decisions),
    )


def contexts(rng: np.random.Generator, decisions: int) -> Array:
    """Features of mean 0 and sd about 1, but for the intercept."""
    known = {name: rng.normal(size=decisions) for name in FEATURES}
    known["intercept"] = np.ones(decisions)
    known["alarm"] = 0.6 * known["level"] + 0.8 * known["alarm"]
    known["minutes"] = 0.8 * known["turn"] + 0.6 * known["minutes"]
    known["failures"] = np.minimum(rng.poisson(0.4 * np.exp(0.4 * known["level"])), 2) / 0.6 - 0.7
    for name, share in (("voice", 0.3), ("repeats", 0.35), ("blames", 0.2)):
        known[name] = ((rng.random(decisions) < share) - share) / np.sqrt(share * (1 - share))
    return np.column_stack([np.clip(known[name], -3.0, 3.0) for name in FEATURES])


def common(seen: Array) -> Array:
    """What happens whatever is chosen: who is high comes down, and later turns change less."""
    at = dict(zip(FEATURES, seen.T, strict=True))
    change: Array = 0.08 * at["level"] + 0.03 * at["slope"] - 0.03 * at["turn"]
    return change[:, None]


def effects(rng: np.random.Generator, seen: Array, scales: Scales) -> Array:
    """Effects of freshly drawn options in the contexts ``seen``."""
    weights = rng.normal(0.0, scales.linear, (SIZE, OPTIONS))
    weights[0] = rng.normal(0.0, scales.main, OPTIONS)
    return seen @ weights + np.column_stack([pairs(rng, seen, scales.pair) for _ in range(OPTIONS)])


def pairs(rng: np.random.Generator, seen: Array, scale: float) -> Array:
    """An effect of products of features, of which a linear policy sees nothing."""
    left, right = (rng.permutation(np.arange(1, SIZE))[:PAIRS] for _ in range(2))
    found: Array = (seen[:, left] * seen[:, right]) @ rng.normal(0.0, scale, PAIRS)
    return found


def regret(world: World, chosen: NDArray[np.int64]) -> float:
    """Expected reward lost against the best option of every decision."""
    return float((world.means.max(axis=1) - world.means[np.arange(len(chosen)), chosen]).sum())


def regret_at_random(world: World) -> float:
    """Expected regret of uniform choice."""
    return float((world.means.max(axis=1) - world.means.mean(axis=1)).sum())


def best_fixed(world: World) -> NDArray[np.int64]:
    """The single option that is best in hindsight."""
    return np.full(len(world.means), world.means.mean(axis=0).argmax())


def ceiling(world: World) -> NDArray[np.int64]:
    """The best any linear policy can do: regressions on the true means of each half, known from the start."""
    half = len(world.means) // 2
    parts = [slice(0, half), slice(half, None)]
    fits = [np.linalg.lstsq(world.contexts[part], world.means[part], rcond=None)[0] for part in parts]
    return np.concatenate([(world.contexts[part] @ fit).argmax(axis=1) for part, fit in zip(parts, fits, strict=True)])
