"""Study 2: looking at an effect after every decision, how often does a look claim one where there is none?

Arrays, because ``streams.experiment.effects`` one step at a time would take hours; ``agrees`` compares both.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import pictures
from benchmarks.studies import document
from benchmarks.studies.world import CONTROL_SHARE, OPTIONS, SD, SHARED, conversation_effects
from streams.experiment import effects
from streams.experiment.effects import SHOWN_AFTER, Contrast, Evidence

NAME = "peeking"
SEED = 12
RUNS, AT_ONCE, PEEKS = 4000, 50, 20_000
ALPHA, N_OPT = 0.05, effects.N_OPT
NORMAL_95 = 1.959964
SHARE = (1 - CONTROL_SHARE) / len(OPTIONS)
TO_REACH = 0.05
MISJUDGED = 0.05
KINDS = ("always-valid, two-sided", "always-valid, one-sided", "naive 95 %")


class Sums(NamedTuple):
    """Evidence of many runs after every step: number of contrasts, their mean and variance, one row a run."""

    n: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def contrasts(rng: np.random.Generator, runs: int, steps: int) -> np.ndarray:
    """phi of an option that does nothing, against control; what is predicted is wrong by a constant."""
    shape = (runs, steps)
    noise = rng.normal(0, SD * (1 - SHARED) ** 0.5, shape)
    surprise = MISJUDGED + conversation_effects(rng, shape, SHARED) + noise
    lottery = rng.random(shape)
    weight = (lottery < SHARE) / SHARE - (lottery >= 1 - CONTROL_SHARE) / CONTROL_SHARE
    return weight * surprise


def sums(phi: np.ndarray) -> Sums:
    n = np.arange(1, phi.shape[1] + 1)
    mean = phi.cumsum(axis=1) / n
    return Sums(n, mean, (phi**2).cumsum(axis=1) / n - mean**2)


def two_sided(found: Sums) -> np.ndarray:
    """Half width of the always-valid interval."""
    spread = found.n * effects.rho2(ALPHA, N_OPT)
    return boundary(found, spread, np.log(np.sqrt(spread + 1) / ALPHA))


def one_sided(found: Sums) -> np.ndarray:
    """Distance from the mean to the always-valid upper bound."""
    spread = found.n * effects.rho2(2 * ALPHA, N_OPT)
    return boundary(found, spread, np.log1p(np.sqrt(spread + 1) / (2 * ALPHA)))


def boundary(found: Sums, spread: np.ndarray, tail: np.ndarray) -> np.ndarray:
    return np.sqrt(found.variance * 2 * (spread + 1) / (found.n * spread) * tail)


def alarms(found: Sums) -> list[np.ndarray]:
    """Whether each look excludes zero, in the order of ``KINDS``."""
    naive = NORMAL_95 * np.sqrt(found.variance / found.n)
    return [np.abs(found.mean) > two_sided(found), found.mean < -one_sided(found), np.abs(found.mean) > naive]


def ever(looks: np.ndarray) -> np.ndarray:
    """Per run, whether any look so far excluded zero."""
    return np.logical_or.accumulate(looks[:, SHOWN_AFTER - 1 :], axis=1)


def agrees(phi: np.ndarray) -> None:
    """``AssertionError`` unless one run's bounds are those of ``streams.experiment.effects``."""
    found, evidence = sums(phi[:1]), Evidence()
    for value in phi[0].tolist():
        evidence = evidence.add(Contrast(value))
    interval, upper = effects.confidence_sequence(evidence, ALPHA, N_OPT), effects.upper_bound(evidence, ALPHA, N_OPT)
    assert interval is not None and upper is not None
    mean = found.mean[0, -1]
    ours = (mean, mean - two_sided(found)[0, -1], mean + one_sided(found)[0, -1])
    np.testing.assert_allclose(ours, (evidence.mean, interval[0], upper), rtol=1e-9, atol=1e-12)


def chunks(runs: int, peeks: int) -> Iterator[list[np.ndarray]]:
    rng = np.random.default_rng(SEED)
    for first in range(0, runs, AT_ONCE):
        phi = contrasts(rng, min(AT_ONCE, runs - first), peeks + SHOWN_AFTER - 1)
        if not first:
            agrees(phi)
        yield [ever(looks).sum(axis=0) for looks in alarms(sums(phi))]


def measured(runs: int, peeks: int) -> np.ndarray:
    """Share of runs with a false alarm so far: one row a kind, one column a peek."""
    return np.sum([np.array(chunk) for chunk in chunks(runs, peeks)], axis=0) / runs


def draw(found: np.ndarray, docs: Path) -> None:
    peeks = np.unique(np.geomspace(1, found.shape[1], 200).astype(int))
    colours = (pictures.OURS, pictures.OURS, pictures.OTHER)
    with document.plot(NAME, docs) as axes:
        for kind, share, colour, style in zip(KINDS, found, colours, ("-", ":", "-"), strict=True):
            axes.plot(peeks, 100 * share[peeks - 1], style, color=colour, label=kind)
        axes.axhline(100 * ALPHA, color=pictures.FAINT, linewidth=0.8)
        axes.set(xlabel="looks so far", ylabel="runs with a false alarm, %", xscale="log")
        axes.legend(frameon=False)


def study(docs: Path = document.DOCS, runs: int = RUNS, peeks: int = PEEKS) -> None:
    found = measured(runs, peeks)
    draw(found, docs)
    rows = []
    for kind, share in zip(KINDS, found[:, -1].tolist(), strict=True):
        ours = kind.startswith("always")
        limit = (f"≤ {TO_REACH:.0%}", document.yes(share <= TO_REACH)) if ours else ("", "")
        rows.append([kind, f"{share:.1%}", *limit])
    made = document.table(("interval", "runs with a false alarm", "to reach", "reached"), rows)
    document.write(NAME, f"{made}\n\n{runs:,} runs, {peeks:,} looks each, tightest near {N_OPT:.0f} decisions.", docs)
