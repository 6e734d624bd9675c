"""Study 5, negative control: ESConv, where supporters chose their strategies by the stage of the conversation.

A strategy counts as chosen where a supporter used it between two ratings of the seeker; the later rating is the
reward, and "control" is that the strategy was not used. Nothing was randomised, so the chance of a strategy is
estimated from what stood before it and from the position, by a model that saw no turn of the conversation. The rows
stay where they are; only numbers leave.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from benchmarks import pictures
from benchmarks.studies import document
from benchmarks.studies.effects import Effect, against_control, improved_after
from benchmarks.studies.seekers import STRATEGIES, Rated, Reading, read
from streams.experiment.effects import MaturedDecision
from streams.interventions.options import CONTROL

NAME = "esconv"
FILE = Path("data") / "esconv.jsonl.gz"
SOURCES = {"esconv": "ESConv", "failed": "conversations ESConv had left out"}
FOLDS, LEAST = 10, 50
OTHERWISE = {
    "the last turn before a rating counts alone": Reading(last_turn_only=True),
    "the length is not told": Reading(length_known=False),
}


def arms(rated: Sequence[Rated]) -> list[str]:
    """Strategies used, and not used, often enough to compare."""
    counts = {name: sum(name in one.used for one in rated) for name in STRATEGIES}
    return [name for name, count in counts.items() if LEAST <= count <= len(rated) - LEAST]


def decided(rated: Sequence[Rated], strategy: str) -> list[MaturedDecision]:
    """Using a strategy or not as a decision; chances and predictions by models that saw none of the conversation."""
    known = np.array([one.known for one in rated])
    used = np.array([strategy in one.used for one in rated], dtype=float)
    rewards, groups = np.array([one.feedback for one in rated]), [one.conversation for one in rated]
    chance, predicted = np.zeros(len(rated)), np.zeros((len(rated), 2))
    for rest, held_out in GroupKFold(FOLDS).split(known, groups=groups):
        chance[held_out] = propensity(known[rest], used[rest], known[held_out])
        predicted[held_out] = expected(known[rest], used[rest], rewards[rest], known[held_out])
    rows = zip(rated, used.tolist(), chance.tolist(), predicted.tolist(), strict=True)
    return [as_decided(one, strategy, use, p, q) for one, use, p, q in rows]


def as_decided(one: Rated, strategy: str, use: float, chance: float, predicted: Sequence[float]) -> MaturedDecision:
    chances = {CONTROL: 1 - chance, strategy: chance}
    names = {CONTROL: predicted[0], strategy: predicted[1]}
    return MaturedDecision(one.conversation, strategy if use else CONTROL, one.feedback, chances, names)


def propensity(known: np.ndarray, used: np.ndarray, asked: np.ndarray) -> np.ndarray:
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(known, used)
    return model.predict_proba(asked)[:, 1]


def expected(known: np.ndarray, used: np.ndarray, rewards: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Feedback expected without and with the strategy."""
    model = make_pipeline(StandardScaler(), Ridge()).fit(np.column_stack([known, used]), rewards)
    return np.column_stack([model.predict(np.column_stack([asked, np.full(len(asked), use)])) for use in (0.0, 1.0)])


class Found(NamedTuple):
    """What is said of one strategy: naively, adjusted at 95 %, adjusted at 5 % over all strategies."""

    strategy: str
    used: int
    naive: Effect
    adjusted: Effect
    corrected: Effect
    least_chance: float


def found(rated: Sequence[Rated], strategy: str, number: int) -> Found:
    decisions = decided(rated, strategy)
    chances = [one.propensities[one.option] for one in decisions]
    return Found(
        strategy,
        sum(one.option == strategy for one in decisions),
        naive_difference(decisions, strategy),
        against_control(decisions, strategy),
        against_control(decisions, strategy, 0.05 / number),
        min(chances),
    )


def naive_difference(decisions: Sequence[MaturedDecision], strategy: str) -> Effect:
    """Mean feedback with the strategy minus mean feedback without, every rating by itself."""
    sides = [[one.reward for one in decisions if (one.option == strategy) == used] for used in (True, False)]
    treated, rest = map(improved_after, sides)
    mean = treated.mean - rest.mean
    margin = float(np.hypot(treated.high - treated.mean, rest.high - rest.mean))
    return Effect(mean, mean - margin, mean + margin, len(decisions))


def row(one: Found) -> list[str]:
    def told(effect: Effect) -> str:
        return f"{effect.mean:+.2f} ({document.between(effect.low, effect.high, 2)})"

    corrected = document.between(one.corrected.low, one.corrected.high, 2)
    least = f"{one.least_chance:.3f}"
    covered = document.yes(one.corrected.covers_zero)
    return [one.strategy, str(one.used), told(one.naive), told(one.adjusted), corrected, least, covered]


def draw(results: Sequence[Found], docs: Path) -> None:
    with document.plot(NAME, docs, 3.8) as axes:
        for effects, shift, colour, label in (
            ([one.naive for one in results], -0.13, pictures.OTHER, "naive difference, 95 %"),
            ([one.corrected for one in results], 0.13, pictures.OURS, "adjusted, clustered, 5 % over all"),
        ):
            names = [one.strategy for one in results]
            document.intervals(axes, names, [one[:3] for one in effects], shift, color=colour, label=label)
        axes.set(xlabel="seeker feedback with the strategy minus without (1 to 5)")
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.3, 1.15), ncols=2)


def refuted(results: Sequence[Found]) -> str:
    """Where the interval is narrow enough to say that the naive number is wrong; where a strategy stands out alone."""
    wrong = [one.strategy for one in results if not one.corrected.low <= one.naive.mean <= one.corrected.high]
    alone = [one.strategy for one in results if not one.adjusted.covers_zero]
    return (
        f"Naive numbers that lie outside the corrected interval: {', '.join(wrong) or 'none'}. "
        f"Adjusted 95 % intervals that by themselves exclude zero: {', '.join(alone) or 'none'}."
    )


def measured(rated: Sequence[Rated]) -> list[Found]:
    names = arms(rated)
    with threadpool_limits(1):  # small matrices: threads would only wait for each other
        return [found(rated, name, len(names)) for name in names]


def part(title: str, rated: Sequence[Rated], results: Sequence[Found]) -> str:
    """What is said of one source."""
    header = ("strategy", "used", "naive", "adjusted, 95 %", "adjusted, all strategies", "least chance", "covers zero")
    number = len({one.conversation for one in rated})
    told = f"{title}: {len(rated):,} ratings of {number} conversations. {refuted(results)}"
    return f"{told}\n\n{document.table(header, map(row, results))}"


def otherwise(path: Path) -> str:
    """Which strategies stand out when ratings are read in another way."""
    found = {how: measured(read(path, "esconv", reading)) for how, reading in OTHERWISE.items()}
    out = {how: [one.strategy for one in results if not one.corrected.covers_zero] for how, results in found.items()}
    told = "; ".join(f"{how}: {', '.join(names) or 'none'}" for how, names in out.items())
    return f"{SOURCES['esconv']} read in other ways, corrected intervals that exclude zero: {told}."


def study(docs: Path = document.DOCS, shared: Path = document.SHARED) -> None:
    path = shared / FILE
    if not path.exists():
        return document.write(NAME, f"Skipped: there was no {FILE} beside the project when this was written.", docs)
    rated = {source: read(path, source) for source in SOURCES}
    results = {source: measured(ratings) for source, ratings in rated.items()}
    draw(results["esconv"], docs)
    parts = [part(title, rated[source], results[source]) for source, title in SOURCES.items()]
    document.write(NAME, "\n\n".join([*parts, otherwise(path)]), docs)
