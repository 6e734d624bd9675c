"""How soon the ramps of ramps.py can be noticed at all: the Bayesian detector that knows how they were made.

    python benchmarks/ramps_limit.py [conversations]

It knows the three slopes, where they end, the chance of a ramp to begin at each observation (3 %), the channels' sds
and the law of the spikes. Its statistic is the odds of "a ramp has begun", summed over every begin and slope. Nothing
without that knowledge should be expected to be sooner at the same false alarms.
"""

import sys
from pathlib import Path

import numpy as np
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.belief.ramps import LENGTH, MOST, OFFSET_SD, ONSET, SLOPES, SPIKE, SPIKES, Draw, delays, draw, threshold

CONVERSATIONS = 4_000
BEGINS = 0.03
SPIKE_GRID = np.linspace(*SPIKE, 11)[1::2]


def log_density(values: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Of an observation around a mean, spikes included; constants left out."""
    usual = np.exp(-((values - mean) ** 2) / 2 / variance)
    spiked = [np.exp(-((values - mean - high) ** 2) / 2 / variance) for high in SPIKE_GRID]
    return np.log((1 - SPIKES) * usual + SPIKES * np.mean(spiked, axis=0) + 1e-300)


def log_odds(drawn: Draw) -> np.ndarray:
    """After each observation, that a ramp has begun at one of those so far."""
    number = len(drawn.values)
    hypotheses = np.empty((number, 0))
    begins = np.empty((number, 0))
    slopes = np.empty(0)
    odds = np.empty((number, LENGTH))
    before = np.zeros((number, 1))
    for place in range(LENGTH):
        new = np.full((number, len(SLOPES)), np.log(BEGINS / len(SLOPES)))
        hypotheses = np.hstack([hypotheses, new])
        begins = np.hstack([begins, np.repeat(before, len(SLOPES), axis=1)])
        slopes = np.append(slopes, SLOPES)
        before = drawn.minutes[:, place : place + 1]
        value, variance = drawn.values[:, place : place + 1], drawn.sds[:, place : place + 1] ** 2 + OFFSET_SD**2
        ramp = np.clip((before - begins) * slopes, 0.0, MOST)
        usual = log_density(value, np.zeros_like(value), variance)
        hypotheses += log_density(value, ramp, variance) - usual - np.log1p(-BEGINS)
        odds[:, place] = np.logaddexp.reduce(hypotheses, axis=1)
    return odds


def first_above(odds: np.ndarray, level: float) -> list[int]:
    above = odds > level
    return np.where(above.any(axis=1), above.argmax(axis=1), LENGTH).tolist()


def main(conversations: int) -> None:
    rng = np.random.default_rng(3)
    level = threshold(log_odds(draw(rng, 2 * conversations, 0.0)).max(axis=1).tolist())
    rng = np.random.default_rng(2)
    quiet = first_above(log_odds(draw(rng, 2 * conversations, 0.0)), level)
    told = [delays(first_above(log_odds(draw(rng, conversations, slope)), level)).mean() for slope in SLOPES]
    console = Console(highlight=False)
    console.print(f"false alarms of 1,000: {1000 * np.mean(np.array(quiet) < LENGTH):.0f}")
    console.print(f"delay from observation {ONSET + 1}: " + ", ".join(f"{mean:.1f}" for mean in told))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CONVERSATIONS)
