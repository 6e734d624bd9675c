"""Regret of the policy against simpler ones, river's LinUCB and Vowpal Wabbit, on the same simulated decisions.

    python -m benchmarks.policy.regret [--grid]

The simulation is described in ``benchmarks/policy/environment.py``. Every policy draws its option with the decision's
own lottery from the probabilities it gives, and learns outcomes when they mature, never before.

- **ours** is ``streams/policy/thompson.py`` as learner and workers use it: 50 outcomes are learned at once (all
  options forget by γ⁵⁰, then the 50 lessons are added in the order of their decisions), and only then does a new
  snapshot decide. Vowpal Wabbit and river learn each outcome as it matures.
- **drift watch** is ours, forgetting more slowly (.9998 an outcome, not .9995), but keeping only 3 % of what was
  learned when river's ADWIN finds that squared residuals have grown.
- **VW** is ``--cb_explore_adf --squarecb`` with every feature crossed with the option. Tuned: the best of the grid on
  seeds 0 to 4; ours was searched on them too. ``--grid`` searches again. Seeds 5 to 9 had no part in either search.
- **linear ceiling**: the best any linear policy can do, told the true means of both halves.

Regret: expected reward lost against the best option of each decision, summed; ± sd over seeds. Share: reward above
random's, of what the ceiling has above random's.

What went wrong, of 1,000 decisions, and how many times less often than with random's worst option:
harmful: the option was expected to raise the level by more than .25, one sd of the noise; much worse: the outcome was
worse than −.5, whatever caused it; failed twice: two neighbouring outcomes beyond the margin at which an intervention
counts as failed.

µs: CPU time, mean of the fastest seed. The text that Vowpal Wabbit parses is made beforehand and not counted; learning
of ours includes its share of the snapshot.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from time import thread_time_ns
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.policy.environment import (
    DECISIONS,
    NOISE,
    OPTIONS,
    Array,
    World,
    ceiling,
    regret,
    regret_at_random,
    world,
)
from benchmarks.policy.players import (
    FLOOR,
    ROWS,
    Lesson,
    Ours,
    Policy,
    River,
    Settings,
    Vw,
    Watching,
    at_random,
    linear_ceiling,
    one_for_all,
)
from streams.config.model import OutcomeConfig

SEEDS, FRESH_SEEDS = range(5), range(5, 10)
HARM, MUCH_WORSE = -NOISE, -2 * NOISE
MARGIN = OutcomeConfig().margin


class Run(NamedTuple):
    """One policy on one seed."""

    regret: float
    share: float
    harmful: float
    much_worse: float
    failed_twice: float
    decide_us: float
    learn_us: float


Player = Callable[[World], Policy]


def play(policy: Policy, world: World) -> tuple[NDArray[np.int64], float, float]:
    """The options chosen, and the mean µs of a decision and of a lesson."""
    chosen = np.zeros(len(world.means), dtype=np.int64)
    matured = iter(np.argsort(world.matures, kind="stable").tolist())
    upcoming, lessons, spent = next(matured), 0, [0, 0]
    probabilities = np.zeros(len(world.means))
    for decision in range(len(world.means)):
        started = thread_time_ns()
        while upcoming < decision and world.matures[upcoming] <= decision:
            option = int(chosen[upcoming])
            policy.learn(Lesson(upcoming, option, probabilities[upcoming], float(world.rewards[upcoming, option])))
            upcoming, lessons = next(matured), lessons + 1
        learned = thread_time_ns()
        chances = policy.decide(decision)
        spent = [spent[0] + thread_time_ns() - learned, spent[1] + learned - started]
        chosen[decision] = draw(chances, world.lotteries[decision])
        probabilities[decision] = chances[chosen[decision]]
    return chosen, spent[0] / len(chosen) / 1000, spent[1] / max(lessons, 1) / 1000


def draw(chances: Array, lottery: float) -> int:
    """The option the lottery falls on."""
    return min(int(np.searchsorted(np.cumsum(chances), lottery, side="right")), OPTIONS - 1)


def judged(world: World, chosen: NDArray[np.int64], decide_us: float = 0.0, learn_us: float = 0.0) -> Run:
    lost, lost_at_random = regret(world, chosen), regret_at_random(world)
    share = (lost_at_random - lost) / (lost_at_random - regret(world, ceiling(world)))
    return Run(lost, share, *gone_wrong(world, chosen), decide_us, learn_us)


def gone_wrong(world: World, chosen: NDArray[np.int64]) -> tuple[float, float, float]:
    """Shares of decisions that were harmful, whose outcome was much worse, that failed as their neighbour did."""
    at = np.arange(len(chosen)), chosen
    failed = world.rewards[at] < -MARGIN
    parts = world.means[at] < HARM, world.rewards[at] < MUCH_WORSE, failed[1:] & failed[:-1]
    harmful, much_worse, failed_twice = (float(part.mean()) for part in parts)
    return harmful, much_worse, failed_twice


def worst_option(world: World) -> Array:
    """The highest of each share over the options, each taken always."""
    always = [np.full(len(world.means), option) for option in ROWS]
    highest: Array = np.max([gone_wrong(world, chosen) for chosen in always], axis=0)
    return highest


class Entry(NamedTuple):
    """A row of the table: a policy, by what makes it of a world, so that seeds can run side by side."""

    name: str
    kind: Callable[..., Policy]
    arguments: tuple[Any, ...] = ()


def vw(name: str, options: str, floor: float = 0.0) -> Entry:
    return Entry(name, Vw, (f"--squarecb {options}", floor))


TUNED = "--gamma_scale 100 -l 1 --power_t 0.5"
TUNED_WITH_FLOOR = "--gamma_scale 300 -l 1 --power_t 0.5"
OURS, WATCHING, TUNED_VW = "ours, 1 % floor", "ours, drift watch", "VW tuned"
FLOORED, TUNED_FLOORED_VW = "VW tuned, 1 % floor", "VW tuned for the floor"
ENTRIES = (
    Entry("random", at_random),
    Entry("best fixed option", one_for_all),
    Entry("river LinUCB", River, (1.0, 1.0)),
    vw("VW default", ""),
    vw(TUNED_VW, TUNED),
    vw(FLOORED, TUNED, FLOOR),
    vw(TUNED_FLOORED_VW, TUNED_WITH_FLOOR, FLOOR),
    Entry("ours, v = 1", Ours, (Settings(v=1.0),)),
    Entry("ours, v = .25", Ours, (Settings(v=0.25),)),
    Entry(OURS, Ours, (Settings(),)),
    Entry(WATCHING, Watching, (Settings(gamma=0.9998),)),
    Entry("ours, no floor", Ours, (Settings(floor=0.0),)),
    Entry("linear ceiling", linear_ceiling),
)


def grid() -> Iterator[Entry]:
    """What both were tuned over; Vowpal Wabbit with and without the floor. Its squarecb allows --cb_type mtr only."""
    for scale, rate, floor in product((30, 100, 300, 1000), (0.5, 1, 2), (0.0, FLOOR)):
        yield vw("", f"--gamma_scale {scale} -l {rate} --power_t 0.5", floor)
    for v, gamma in product((0.02, 0.05, 0.1, 0.25), (0.9993, 0.9995, 0.9998)):
        yield Entry("", Ours, (Settings(gamma, v),))


def run(entry: Entry, seed: int, decisions: int = DECISIONS) -> Run:
    made = world(seed, decisions)
    return judged(made, *play(entry.kind(made, *entry.arguments), made))


def run_all(entries: Sequence[Entry], seeds: Sequence[int]) -> list[list[Run]]:
    """The runs of each entry, one a seed."""
    with ProcessPoolExecutor() as pool:
        runs = iter(list(pool.map(run, *zip(*product(entries, seeds), strict=True))))
    return [[next(runs) for _ in seeds] for _ in entries]


def mean(runs: Sequence[Run]) -> Run:
    return Run(*np.mean(runs, axis=0).tolist())


def row(entry: Entry, runs: Sequence[Run], worst: Array) -> list[str]:
    found, fastest = mean(runs), np.min(runs, axis=0)
    wrong = (found.harmful, found.much_worse, found.failed_twice)
    costs = [f"{us:.0f}" for us in fastest[-2:]] if entry.arguments else ["", ""]
    return [
        entry.name,
        f"{found.regret:.0f} ±{np.std([one.regret for one in runs], ddof=1):.0f}",
        f"{found.share:.1%}",
        *(f"{1000 * share:.0f} (1/{most / share:.1f})" for share, most in zip(wrong, worst, strict=True)),
        *costs,
    ]


def table(seeds: Sequence[int], results: Sequence[Sequence[Run]]) -> Table:
    worst = np.mean([worst_option(world(seed)) for seed in seeds], axis=0)
    headings = ("policy", "regret", "share", "harmful", "much worse", "failed twice", "decide µs", "learn µs")
    shown = Table(*headings, title=f"Seeds {seeds[0]} to {seeds[-1]}, {DECISIONS} decisions each", box=None)
    for entry, runs in zip(ENTRIES, results, strict=True):
        shown.add_row(*row(entry, runs, worst))
    return shown


def compared(results: Sequence[Sequence[Run]]) -> Iterator[str]:
    """Our regret as a multiple of Vowpal Wabbit's, and the difference with its standard error over seeds."""
    of = {entry.name: np.array([one.regret for one in runs]) for entry, runs in zip(ENTRIES, results, strict=True)}
    for mine, other in product((OURS, WATCHING), (TUNED_VW, FLOORED, TUNED_FLOORED_VW)):
        less = of[mine] - of[other]
        se = less.std(ddof=1) / np.sqrt(len(less))
        yield f" {mine} / {other}: {of[mine].mean() / of[other].mean():.3f} (difference {less.mean():+.0f} ±{se:.0f})"


def search(console: Console) -> None:
    """Regret of everything in the grid, best first."""
    entries = list(grid())
    results = zip(entries, run_all(entries, SEEDS), strict=True)
    for regretted, tried in sorted((mean(runs).regret, str(entry.arguments)) for entry, runs in results):
        console.print(f"{regretted:.0f}  {tried}", highlight=False)


def main(console: Console) -> None:
    for seeds in (SEEDS, FRESH_SEEDS):
        results = run_all(ENTRIES, seeds)
        console.print(table(seeds, results), *compared(results), "", sep="\n", highlight=False)


if __name__ == "__main__":
    (search if "--grid" in sys.argv else main)(Console(width=120))
