"""Study 3: after how many matured decisions is a harmful option rolled back, and how often is a harmless one?"""

from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import numpy as np

from benchmarks import pictures
from benchmarks.studies import document, shipped
from benchmarks.studies.world import ARMS, CONTROL_SHARE, OPTIONS, PULL, SD, SHARED, conversation_effects
from streams.experiment import effects as proof
from streams.experiment.effects import SHOWN_AFTER, Contrast, Evidence, MaturedDecision
from streams.interventions.options import CONTROL

NAME = "rollback"
SEED = 13
RUNS, MOST = 200, 2000
HARMFUL, HARM, HALF = "e", -0.2, -0.1
ALPHA, N_OPT = 0.05 / len(OPTIONS), proof.N_OPT
TO_REACH, SHOWN = 900, 1500
LINES = ((pictures.OURS, "-"), (pictures.FAINT, "-"), (pictures.OURS, "--"), (pictures.OURS, ":"))

Run = dict[str, int]  # when each option was rolled back, in matured decisions of the tenant; missing if it was not


def alike(rng: np.random.Generator, rewards: list[float], effects: dict[str, float]) -> Run:
    """Options drawn alike. Every matured decision is told to every option's evidence, and its bound is looked at."""
    chances = {CONTROL: CONTROL_SHARE} | dict.fromkeys(OPTIONS, (1 - CONTROL_SHARE) / len(OPTIONS))
    seen, evidence, at = dict.fromkeys(ARMS, Evidence()), dict.fromkeys(OPTIONS, Evidence()), Run()
    for number, (reward, lottery) in enumerate(zip(rewards, rng.random(len(rewards)).tolist(), strict=True), 1):
        option = drawn(chances, lottery)
        predicted = {arm: expected(one) for arm, one in seen.items()}
        one = MaturedDecision("", option, reward + effects[option], chances, predicted)
        seen[option] = seen[option].add(Contrast(one.reward))
        for arm in OPTIONS:
            evidence[arm] = evidence[arm].add(proof.weighted_contrast(one, arm))
            if arm not in at and harms(evidence[arm]):
                at[arm] = number
    return at


class Case(NamedTuple):
    """What is simulated: how options are drawn, and what the harmful one does to the level's fall."""

    play: Callable[[np.random.Generator, list[float], dict[str, float]], Run]
    harm: float


CASES = {
    f"the policy as shipped, {HARM:+.2f}": Case(shipped.play, HARM),
    "the policy as shipped, no harm": Case(shipped.play, 0.0),
    f"options drawn alike, {HARM:+.2f}": Case(alike, HARM),
    f"options drawn alike, {HALF:+.2f}": Case(alike, HALF),
}


def expected(seen: Evidence) -> float:
    """Mean reward so far, drawn towards 0 while there is little."""
    return seen.total / (seen.n + 10)


def run(rng: np.random.Generator, case: Case, most: int) -> Run:
    """One tenant."""
    effects = dict.fromkeys(ARMS, 0.0) | {HARMFUL: case.harm}
    rewards = PULL * rng.normal(0, 1, most) + conversation_effects(rng, (most,), SHARED)
    rewards += rng.normal(0, SD * (1 - SHARED) ** 0.5, most)
    return case.play(rng, rewards.tolist(), effects)


def drawn(chances: dict[str, float], lottery: float) -> str:
    for arm, chance in chances.items():
        if (lottery := lottery - chance) < 0:
            return arm
    return CONTROL


def harms(evidence: Evidence) -> bool:
    upper = proof.upper_bound(evidence, ALPHA, N_OPT)
    return evidence.n >= SHOWN_AFTER and upper is not None and upper < 0


def measured(case: Case, runs: int, most: int) -> list[Run]:
    rng = np.random.default_rng(SEED)
    return [run(rng, case, most) for _ in range(runs)]


def found_at(runs: list[Run], most: int) -> list[int]:
    """When the harmful option was rolled back; one more than all decisions where it was not."""
    return [one.get(HARMFUL, most + 1) for one in runs]


def ever(runs: list[Run]) -> float:
    """Share of runs in which any harmless option was rolled back."""
    return sum(bool(one.keys() - {HARMFUL}) for one in runs) / len(runs)


def row(name: str, runs: list[Run], most: int, asked: bool) -> list[str]:
    at = found_at(runs, most)
    tenth = quantiles(at, n=10)[-1]
    limit = (f"median ≤ {TO_REACH}", document.yes(median(at) <= TO_REACH)) if asked else ("", "")
    late = f"{tenth:.0f}" if tenth <= most else f"more than {most}"
    middle = f"{median(at):.0f}" if median(at) <= most else "never"
    return [name, middle, late, f"{ever(runs):.1%}", *limit]


def draw(cases: dict[str, list[Run]], most: int, docs: Path) -> None:
    with document.plot(NAME, docs) as axes:
        for (name, runs), (colour, style) in zip(cases.items(), LINES, strict=True):
            at = sorted(found_at(runs, most))
            share = [100 * (i + 1) / len(at) for i in range(len(at))]
            axes.step([0, *at], [0, *share], where="post", color=colour, linestyle=style, label=name)
        axes.axvline(TO_REACH, color=pictures.FAINT, linewidth=0.8)
        axes.set(xlabel="matured decisions", ylabel="runs rolled back by then, %", xlim=(0, min(most, SHOWN)))
        axes.legend(frameon=False, loc="lower right")


def study(docs: Path = document.DOCS, runs: int = RUNS, most: int = MOST) -> None:
    cases = {name: measured(case, runs, most) for name, case in CASES.items()}
    draw(cases, most, docs)
    header = (
        "case",
        "rolled back after, median",
        "after, 9 of 10",
        "runs with a harmless one rolled back",
        "to reach",
        "reached",
    )
    made = document.table(header, [row(name, found, most, not i) for i, (name, found) in enumerate(cases.items())])
    about = f"{runs} runs of {most:,} matured decisions; {len(OPTIONS)} options share an alpha of .05."
    document.write(NAME, f"{made}\n\n{about}", docs)
