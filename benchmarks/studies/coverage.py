"""Study 1: do nominal 95 % intervals of a candidate policy's value hold the truth 95 times in 100?"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import pictures
from benchmarks.studies import document, world
from benchmarks.studies.world import World
from streams.experiment import policy_value
from streams.experiment.effects import MaturedDecision
from streams.experiment.policy_value import PolicyValue

NAME = "coverage"
SEED = 11
RUNS, CONVERSATIONS, FEW = 1000, 100, 30
SHARES = (0.0, 0.1, 0.3, 0.5)
NORMAL_95 = 1.959964
TO_REACH = 0.93
CANDIDATE = {"a": 0.5, "b": 0.5}
ESTIMATORS = {"DR": policy_value.doubly_robust, "SNIPS": policy_value.snips}
ERRORS = ("clustered", "naive")


class Case(NamedTuple):
    """What is simulated: share of variance a conversation has in common, conversations a log."""

    shared: float
    conversations: int


Coverage = dict[tuple[str, str], float]


def candidate(_: MaturedDecision) -> Mapping[str, float]:
    return CANDIDATE


def covers(value: PolicyValue, truth: float) -> bool:
    return abs(value.value - truth) <= NORMAL_95 * value.error


def alone(log: list[MaturedDecision]) -> list[MaturedDecision]:
    """Every decision as if it were a conversation of its own: what a naive error assumes."""
    return [one._replace(conversation=str(i)) for i, one in enumerate(log)]


def covered(log: list[MaturedDecision], truth: float) -> list[bool]:
    """Whether each kind of interval holds the truth, estimators first."""
    logs = {"clustered": log, "naive": alone(log)}
    return [covers(estimate(logs[error], candidate), truth) for estimate in ESTIMATORS.values() for error in ERRORS]


def measured(case: Case, runs: int) -> Coverage:
    """Coverage by estimator and kind of error."""
    rng, tenant = np.random.default_rng(SEED), World(shared=case.shared)
    truth = sum(share * tenant.effects[option] for option, share in CANDIDATE.items())
    held = np.mean([covered(world.log(rng, tenant, case.conversations), truth) for _ in range(runs)], axis=0)
    return dict(zip([(name, error) for name in ESTIMATORS for error in ERRORS], held.tolist(), strict=True))


def row(case: Case, found: Coverage) -> list[str]:
    numbers = [f"{found[name, error]:.3f}" for name in ESTIMATORS for error in ERRORS]
    asked = case == Case(world.SHARED, CONVERSATIONS)
    reached = document.yes(min(found[name, "clustered"] for name in ESTIMATORS) >= TO_REACH) if asked else ""
    return [
        f"{case.shared:.0%}",
        str(case.conversations),
        *numbers,
        f"{TO_REACH} (clustered)" if asked else "",
        reached,
    ]


def draw(found: Mapping[Case, Coverage], docs: Path) -> None:
    with document.plot(NAME, docs) as axes:
        for (name, error), style in zip(next(iter(found.values())), ("o-", "o-", "s--", "s--"), strict=True):
            colour = pictures.OURS if error == "clustered" else pictures.OTHER
            held = [cover[name, error] for case, cover in found.items() if case.conversations == CONVERSATIONS]
            axes.plot([100 * share for share in SHARES], held, style, color=colour, label=f"{name}, {error}")
        axes.axhline(0.95, color=pictures.FAINT, linewidth=0.8)
        axes.set(xlabel="variance shared by a conversation, %", ylabel="share of intervals that hold the truth")
        axes.legend(frameon=False)


def study(docs: Path = document.DOCS, runs: int = RUNS) -> None:
    cases = [*(Case(share, CONVERSATIONS) for share in SHARES), Case(world.SHARED, FEW)]
    found = {case: measured(case, runs) for case in cases}
    draw(found, docs)
    kinds = [f"{name}, {error}" for name in ESTIMATORS for error in ERRORS]
    header = ["shared by a conversation", "conversations", *kinds, "to reach", "reached"]
    made = document.table(header, [row(case, cover) for case, cover in found.items()])
    document.write(NAME, f"{made}\n\n{runs:,} logs a row, {world.LENGTH} decisions a conversation.", docs)
