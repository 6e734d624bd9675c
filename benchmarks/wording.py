"""How often the intervals of the study of wording hold the truth, in simulated conversations with known effects.

    python benchmarks/wording.py [studies]

Operators have habits and customers have tempers nobody sees, so features and residuals both run in conversations,
which come side by side. Beside what is shipped: a learner that is restarted after every batch, and rows taken for
independent.
Last column: studies of ten features without any effect in which one is said to defuse or to escalate.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from streams.experiment import wording_effects
from streams.experiment.wording_effects import Effect, Row, Study, effects
from streams.signals.reply_style import FEATURES

STUDIES, BATCH, TURNS = 200, 100, 8
SIZES = (40, 100, 300)
WAYS = ("shipped", "restarted", "independent")
STAGES = [0.01] * len(wording_effects.STAGES)
TRUE = np.array([0.02, -0.01, -0.4, 0.05, *STAGES, 0.02, -0.05, 0.0, 0.03, -0.08, 0.0, 0.06, 0.0, 0.01, 0.0])
WITHOUT = np.where(np.arange(len(TRUE)) < len(wording_effects.ADJUSTED), TRUE, 0.0)
HALF_AS_WIDE_AGAIN = 1.5  # as in the view wording_effects

Talks = list[list[Row]]


def talks(seed: int, conversations: int, turns: int = TURNS, true: Any = TRUE, spread: float = 0.15) -> Talks:
    """Conversations, each as the rows of its turns."""
    rng = np.random.default_rng(seed)
    return [list(talk(rng, f"c{number}", turns, true, spread)) for number in range(conversations)]


def talk(rng: Any, name: str, turns: int, true: Any, spread: float) -> Iterator[Row]:
    habits, temper, before = rng.choice([0.1, 0.85], len(FEATURES)), rng.normal(0, spread), rng.normal(0, 0.15)
    for turn in range(2, turns + 2):
        flags = (rng.random(len(FEATURES)) < habits).astype(float)
        length = np.log2(1 + rng.integers(2, 60))
        values = np.array([*wording_effects.adjusted(turn, before), length, *flags[1:]])
        noise = 0.7 * spread * (1 + flags[1]) * rng.standard_t(5)
        change = float(values @ true + temper + noise)
        yield Row(name, turn, f"{name}-{turn}", tuple(values.tolist()), change, 1000 * turn)
        before = 0.6 * before + rng.normal(0, 0.1)


def taught(found: Talks, way: str = "shipped") -> Study:
    """A study that saw the conversations side by side: the first turn of all, then the second."""
    rows = [row for turn in zip(*found, strict=True) for row in turn]
    if way == "independent":
        rows = [row._replace(conversation=row.point_id) for row in rows]
    study = Study()
    for start in range(0, len(rows), BATCH):
        study = Study(study.sums) if way == "restarted" else study
        study.learn(rows[start : start + BATCH])
    return study


def covered(found: list[Effect], true: Any = TRUE) -> list[bool]:
    """Whether each interval that is told holds its effect."""
    wanted = zip(found, true[len(wording_effects.ADJUSTED) :], strict=True)
    return [e.low <= value <= e.high for e, value in wanted if e.low is not None and e.high is not None]


def claims(found: list[Effect]) -> bool:
    """Whether any feature is said to defuse or to escalate."""
    told = [(e.low, e.high) for e in found if e.low is not None and e.high is not None]
    return any(abs(high + low) > HALF_AS_WIDE_AGAIN * (high - low) for low, high in told)


def main(studies: int) -> None:
    table = Table("conversations", *WAYS, "false claims", title="Share of 95 % intervals that hold the truth")
    for size in SIZES:
        drawn = [talks(seed, size) for seed in range(studies)]
        shares = [np.mean([hit for one in drawn for hit in covered(effects(taught(one, way).sums))]) for way in WAYS]
        false = np.mean([claims(effects(taught(talks(seed, size, true=WITHOUT)).sums)) for seed in range(studies)])
        table.add_row(str(size), *(f"{share:.3f}" for share in shares), f"{false:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES)
