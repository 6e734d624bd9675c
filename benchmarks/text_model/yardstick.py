"""The text model on public labelled conversations, scored by the yardstick that stands beside the data.

    python -m benchmarks.text_model.yardstick [SHARED] [jobs]

SHARED holds data/ and yardstick/ (make_tasks.py, score.py); where it does not exist, this says so and does nothing.
Every row is one ``tenor evaluate`` through the live path, in a process of its own, from the expert weights: no label of
any of these sets is in them. Prints a table with 95 % intervals and how soon simulated ramps are noticed, and writes
both into docs/benchmarks.md.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
DOCUMENT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- yardstick: begin -->", "<!-- yardstick: end -->"
RAMPS = "Simulated ramps; to reach: 9.6/6.6/4.7 turns at 20 false alarms per 1,000 quiet ones; stretch: a tenth less:"
SCORE = re.compile(r"(\w+)\s+n=(\d+) base=[\d.]+ auc=([\d.]+) \[([\d.]+), ([\d.]+)\]")
HEADER = ("task", "question", "mode", "turns", "AUC", "95 % interval", "floor", "to reach", "stretch", "reached")


class Goal(NamedTuple):
    """One number to reach: what is asked of which task in which mode, the floor it stands on, and the stretch."""

    task: str
    question: str
    mode: str
    floor: float
    reach: float
    stretch: float


class Score(NamedTuple):
    """What the yardstick says: turns, AUC and its interval."""

    turns: int
    auc: float
    low: float
    high: float


GOALS = (
    Goal("uss_sgd", "now", "folds", 0.797, 0.81, 0.83),
    Goal("uss_mwoz", "now", "folds", 0.723, 0.735, 0.76),
    Goal("uss_redial", "now", "folds", 0.744, 0.755, 0.78),
    Goal("uss_sgd", "onset", "folds", 0.681, 0.70, 0.73),
    Goal("uss_mwoz", "onset", "folds", 0.604, 0.63, 0.66),
    Goal("uss_redial", "onset", "folds", 0.547, 0.58, 0.62),
    Goal("amazon", "now", "folds", 0.781, 0.82, 0.85),
    Goal("amazon", "rise", "folds", 0.614, 0.65, 0.70),
    Goal("cga_wiki", "next", "folds", 0.600, 0.63, 0.68),
    Goal("cga_cmv", "next", "folds", 0.654, 0.67, 0.70),
    Goal("meld", "now", "folds", 0.752, 0.77, 0.80),
    Goal("uss_sgd", "now", "online", 0.750, 0.79, 0.797),
    Goal("uss_mwoz", "now", "online", 0.694, 0.72, 0.723),
    Goal("uss_redial", "now", "online", 0.715, 0.74, 0.744),
    Goal("amazon", "now", "online", 0.728, 0.76, 0.781),
    Goal("amazon", "now", "shipped", 0.712, 0.76, 0.78),
)


def measured(shared: Path, tasks: Path, task: str, mode: str) -> dict[str, Score]:
    """Scores by question of one task in one mode."""
    predictions = tasks / f"{task}.{mode}.predictions"
    evaluate = [Path(sys.executable).with_name("tenor"), "evaluate", tasks / f"{task}.jsonl"]
    options = ["--mode", mode, "--prior", "expert", "--out", predictions, "--json"]
    subprocess.run([*evaluate, *options], check=True, stdout=subprocess.DEVNULL)
    score = [sys.executable, shared / "yardstick" / "score.py", tasks / f"{task}.jsonl", predictions]
    told = subprocess.run(score, check=True, capture_output=True, text=True).stdout
    print(f"{task} {mode}\n{told}", flush=True)
    return {name: Score(int(turns), *map(float, rest)) for name, turns, *rest in SCORE.findall(told)}


def all_measured(shared: Path, jobs: int) -> dict[tuple[str, str], dict[str, Score]]:
    """Scores of everything the goals ask for, the longest first."""
    wanted = sorted({(goal.task, goal.mode) for goal in GOALS}, key=lambda run: (run[1] == "shipped", run[0] < "m"))
    with TemporaryDirectory() as directory, ThreadPoolExecutor(jobs) as pool:
        tasks = Path(directory)
        make = [sys.executable, shared / "yardstick" / "make_tasks.py", tasks]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        return dict(zip(wanted, pool.map(lambda run: measured(shared, tasks, *run), wanted), strict=True))


def row(goal: Goal, score: Score) -> tuple[str, ...]:
    reached = "stretch" if score.auc >= goal.stretch else "yes" if score.auc >= goal.reach else "no"
    told = (str(score.turns), f"{score.auc:.3f}", f"{score.low:.3f} to {score.high:.3f}")
    limits = (f"{goal.floor:.3f}", f"{goal.reach:.3f}", f"{goal.stretch:.3f}")
    return goal.task, goal.question, goal.mode, *told, *limits, reached


def ramps() -> str:
    """What benchmarks/belief/ramps.py prints."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.belief.ramps"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return "\n".join(line.rstrip() for line in told.stdout.strip().splitlines())


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [HEADER, ("---",) * len(HEADER), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(made: str) -> None:
    """Put the table between its marks in the document."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", encoding="utf-8")


def main(shared: Path = SHARED, jobs: int = 2) -> None:
    if not (shared / "yardstick" / "score.py").exists():
        print(f"{shared} holds no yardstick: nothing was measured")
        return
    found = all_measured(shared, jobs)
    made = table(row(goal, found[goal.task, goal.mode][goal.question]) for goal in GOALS)
    made = f"{made}\n\n{RAMPS}\n\n```text\n{ramps()}\n```"
    write(made)
    print(made)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]), *map(int, sys.argv[2:3]))
