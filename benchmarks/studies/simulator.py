"""Study 4, negative control: simulated customers who cannot react, through the real belief, decisions and outcomes.

Options do nothing here, and decisions are taken where the signal is high, so that it falls by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import pictures
from benchmarks.studies import day, document
from benchmarks.studies.day import Judged
from benchmarks.studies.effects import Effect, against_control, always_valid, improved_after
from streams.config.model import Config
from streams.experiment import effects as proof
from streams.experiment.effects import MaturedDecision
from streams.interventions.options import CONTROL

NAME = "simulator"
DAYS, CONVERSATIONS = 10, 420
N_OPT = proof.N_OPT
HARM = 0.2
CONTEXT = ("level", "level_sd", "slope", "alarm", "turn", "failures", "minutes")

Reward = Callable[[Judged], float | None]


def level(one: Judged) -> float:
    return one.reward


def score(one: Judged) -> float | None:
    return one.score_fall


def decided(judged: Sequence[Judged], reward: Reward) -> list[MaturedDecision]:
    """Decisions whose reward is known, with what the other days predict of it from the context alone."""
    known = [(one, told) for one in judged if (told := reward(one)) is not None]
    predicted = from_other_days([one for one, _ in known], np.array([told for _, told in known]))
    return [as_decided(one, told, guess) for (one, told), guess in zip(known, predicted.tolist(), strict=True)]


def as_decided(one: Judged, reward: float, predicted: float) -> MaturedDecision:
    decision = one.decision
    chances = {chance["option"]: chance["probability"] for chance in decision["propensities"]}
    name = f"{decision['tenant']}/{decision['conversation_id']}"
    return MaturedDecision(name, decision["option"], reward, chances, dict.fromkeys(chances, predicted))


def from_other_days(judged: Sequence[Judged], rewards: np.ndarray) -> np.ndarray:
    """Least squares on the context, one fit for all options, fitted on every day but the one it is used on."""
    context = np.array([[1.0, *(one.decision["context"][name] for name in CONTEXT)] for one in judged])
    days, predicted = np.array([one.day for one in judged]), np.zeros(len(judged))
    for held_out in np.unique(days):
        rest = days != held_out
        if rest.any():
            predicted[~rest] = context[~rest] @ np.linalg.lstsq(context[rest], rewards[rest], rcond=None)[0]
    return predicted


def harmed(decisions: Iterable[MaturedDecision], option: str) -> list[MaturedDecision]:
    """The same decisions, had the option harmed: the interval must notice."""
    return [one._replace(reward=one.reward - HARM * (one.option == option)) for one in decisions]


def options(decisions: Iterable[MaturedDecision]) -> list[str]:
    """Every option with a chance beside control."""
    able = {option for one in decisions if one.propensities.get(CONTROL, 0) > 0 for option in one.propensities}
    return sorted(able - {CONTROL})


def told(effect: Effect) -> str:
    return f"{effect.mean:+.3f} ({document.between(effect.low, effect.high)})"


def row(option: str, levels: list[MaturedDecision], scores: list[MaturedDecision]) -> list[str]:
    alpha = 0.05 / len(options(levels))
    naive = improved_after([one.reward for one in scores if one.option == option])
    found = [against_control(scores, option), against_control(levels, option)]
    valid = always_valid(levels, option, alpha, N_OPT)
    covered = document.yes(all(one.covers_zero for one in (*found, valid)))
    return [option, str(naive.n), told(naive), *map(told, found), document.between(valid.low, valid.high), covered]


def draw(names: list[str], levels: list[MaturedDecision], scores: list[MaturedDecision], docs: Path) -> None:
    naive = [improved_after([one.reward for one in scores if one.option == name]) for name in names]
    ours = [against_control(scores, name) for name in names]
    with document.plot(NAME, docs) as axes:
        for effects, shift, colour, label in (
            (naive, -0.13, pictures.OTHER, "naive: fall of the message score afterwards"),
            (ours, 0.13, pictures.OURS, "the same fall against control"),
        ):
            document.intervals(axes, names, [one[:3] for one in effects], shift, color=colour, label=label)
        axes.set(xlabel="fall of the message score; the true effect is 0")
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.4, 1.18), ncols=2)


def control_line(scores: list[MaturedDecision], levels: list[MaturedDecision], option: str) -> str:
    alone = improved_after([one.reward for one in scores if one.option == CONTROL])
    noticed = against_control(harmed(levels, option), option, 0.05 / len(options(levels)))
    return (
        f"Left alone ({CONTROL}, {alone.n} decisions), the message score fell by {told(alone)}. "
        f"Had {option} harmed by {HARM}, its interval (5 % over all options) would be {told(noticed)}."
    )


def single_days(levels: Sequence[MaturedDecision], judged: Sequence[Judged]) -> str:
    """How many of the 95 % intervals of one option on one day cover zero."""
    days = [[one for one, at in zip(levels, judged, strict=True) if at.day == day] for day in {at.day for at in judged}]
    found = [against_control(one, option).covers_zero for one in days for option in options(one)]
    return f"Each day by itself: {sum(found)} of {len(found)} such 95 % intervals of the level cover zero."


def study(docs: Path = document.DOCS, days: int = DAYS, conversations: int = CONVERSATIONS) -> None:
    config = Config()
    judged = [one for seed in range(1, days + 1) for one in day.judged(seed, conversations, config)]
    levels, scores = decided(judged, level), decided(judged, score)
    names = options(levels)
    draw(names, levels, scores, docs)
    header = ("option", "chosen", "naive: score fell by", "score, against control", "level, against control")
    rows = [row(name, levels, scores) for name in names]
    made = document.table((*header, "level, always-valid, all options", "covers zero"), rows)
    about = f"{days} days of {conversations} conversations, {len(levels):,} matured decisions."
    about += f" {control_line(scores, levels, names[0])} {single_days(levels, judged)}"
    document.write(NAME, f"{made}\n\n{about}", docs)
