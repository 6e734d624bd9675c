"""The policy's learner: joined decisions, ratings and commands into the next snapshot. Pure.

A batch forgets once (every option by the discount to the power of its outcomes, and all but a little where errors have
grown), then adds its lessons in the order of their decision ids. So a snapshot follows from the one before and the
*set* of records between their positions, which is what lets ``tenor verify`` learn it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from streams.config.model import Config, PolicyConfig
from streams.experiment import effects
from streams.experiment.effects import Evidence, MaturedDecision
from streams.interventions.options import CONTROL
from streams.policy import context, drift, thompson
from streams.policy.outcome_join import JoinedBatch, RatedDecision, TrainingExample
from streams.policy.rollback import find_rollbacks
from streams.policy.snapshot import ANY, Position, Snapshot, to_record
from streams.policy.thompson import Arm

Record = Mapping[str, Any]
LARGEST = 1e6  # of any number in a lesson; what is larger, or no number, is somebody's mistake


def next_snapshot(
    before: Snapshot, news: JoinedBatch, commands: Sequence[Record], positions: Mapping[Position, int], config: Config
) -> Snapshot:
    """The snapshot that follows.

    Args:
        news: from ``Experience``.
        commands: of people, in order; they count after the lessons.
        positions: how far the inputs were read.
    """
    lessons = [(one, ratings) for one, ratings in news.lessons if is_learnable(one)]
    evidence = update_evidence(before.evidence, [one for one, _ in lessons])
    disabled = before.disabled | {lost.option for lost in find_rollbacks(evidence, before.disabled, config)}
    disabled, evidence = apply_commands(disabled, evidence, commands)
    watch = drift.update_errors(before.errors, squared_errors(before, lessons, config.policy))
    return msgspec.structs.replace(
        before,
        arms=update_arms(before.arms, lessons, news.rated, config.policy, watch.grew),
        errors=watch.errors,
        forgot=watch.grew,
        evidence=evidence,
        disabled=disabled,
        matured=before.matured + len(lessons),
        created_at=max([before.created_at, *(one.outcome["event_time"] for one, _ in lessons)]),
        positions=dict(positions),
        previous=(before.version or to_record(before)["policy_version"]) if before.positions else None,
        config_version=config.version,
        version=None,
    )


def is_learnable(one: TrainingExample) -> bool:
    """Whether anything was seen, in a context this version understands, in numbers that sums survive."""
    reward, seen, predicted = one.outcome["reward"], one.decision["context"], one.decision["predicted_reward"] or {}
    if reward is None or one.decision["context_version"] != context.VERSION or not context.is_complete(seen):
        return False
    return all(abs(number) <= LARGEST for number in (reward, *seen.values(), *predicted.values()))


def update_arms(
    arms: Mapping[str, Arm],
    lessons: Sequence[tuple[TrainingExample, tuple[float, ...]]],
    rated: Sequence[RatedDecision],
    config: PolicyConfig,
    grew: bool = False,
) -> dict[str, Arm]:
    """The options after a batch. A rating that comes late mends the reward that was learned.

    Args:
        grew: whether errors have grown: what was learned before is then worth little.
    """
    factor = config.discount ** len(lessons) * (config.remembered_after_drift if grew else 1.0)
    known = {name: thompson.discount_arm(arm, factor, config.ridge) for name, arm in arms.items()}
    for one, ratings in lessons:
        name = one.decision["option"]
        arm = known.get(name) or thompson.new_arm(context.SIZE, config.ridge)
        reward = blend_reward(one.outcome["reward"], ratings, config)
        known[name] = thompson.update_arm(arm, context.option_features(one.decision["context"], name), reward)
    for late in rated:
        correct_reward(known, late, config)
    return {name: known[name] for name in sorted(known)}


def squared_errors(
    before: Snapshot, lessons: Sequence[tuple[TrainingExample, tuple[float, ...]]], config: PolicyConfig
) -> list[float]:
    """How far each reward was from what the snapshot before expects of the option, where it knows it."""
    rows = {name: row for row, name in enumerate(before.arms)}
    known = [(one, ratings) for one, ratings in lessons if one.decision["option"] in rows]
    if not known:
        return []
    chosen = [one.decision["option"] for one, _ in known]
    seen = np.array(
        [context.option_features(one.decision["context"], name) for (one, _), name in zip(known, chosen, strict=True)]
    )
    expected, _ = before.posterior.predict(seen, [rows[name] for name in chosen])
    rewards = np.array([blend_reward(one.outcome["reward"], ratings, config) for one, ratings in known])
    squares: list[float] = ((rewards - expected) ** 2).tolist()
    return squares


def correct_reward(arms: dict[str, Arm], late: RatedDecision, config: PolicyConfig) -> None:
    """Move what was learned of a decision to what it is with another rating."""
    one = late.lesson
    name, fall = one.decision["option"], one.outcome["reward"]
    if not is_learnable(one) or name not in arms:
        return
    change = blend_reward(fall, late.now, config) - blend_reward(fall, late.before, config)
    seen = context.option_features(one.decision["context"], name)
    response = arms[name].response + [change * number for number in seen]
    arms[name] = Arm(arms[name].precision, response)


def blend_reward(fall: float, ratings: Sequence[float], config: PolicyConfig) -> float:
    """Reward of a decision: the fall of the level, and where people rated it, what they say, by their mean.

    Args:
        fall: of the level over the window.
        ratings: each -1 to 1.
    """
    if not ratings:
        return fall
    said = config.rating_scale * sum(ratings) / len(ratings)
    return (1 - config.rating_weight) * fall + config.rating_weight * said


def rating_score(rating: Record) -> float | None:
    """What a rating says of a reply, -1 to 1; None where it says nothing."""
    marks = [(rating[name] - 3) / 2 for name in ("clarity", "tone", "resonance") if rating[name] is not None]
    if rating["felt_understood"] is not None:
        marks.append(1.0 if rating["felt_understood"] else -1.0)
    return sum(marks) / len(marks) if marks else None


def update_evidence(before: Mapping[str, Evidence], lessons: Iterable[TrainingExample]) -> dict[str, Evidence]:
    """Evidence of each option's contrast with control, lessons added. Ratings are no part of it: raters choose."""
    sums = dict(before)
    for lesson in lessons:
        one = to_matured_decision(lesson)
        if effects.is_comparable_any(one):
            sums[ANY] = sums.get(ANY, Evidence()).plus(effects.weighted_contrast_any(one))
        for option in one.chances:
            if option != CONTROL and effects.is_comparable(one, option):
                sums[option] = sums.get(option, Evidence()).plus(effects.weighted_contrast(one, option))
    return {option: sums[option] for option in sorted(sums)}


def to_matured_decision(lesson: TrainingExample) -> MaturedDecision:
    """A lesson as the proof reads it."""
    decision = lesson.decision
    return MaturedDecision(
        conversation=decision["conversation_id"],
        option=decision["option"],
        reward=lesson.outcome["reward"],
        chances={one["option"]: one["probability"] for one in decision["propensities"]},
        predicted=decision["predicted_reward"] or {},
    )


def apply_commands(
    disabled: frozenset[str], evidence: Mapping[str, Evidence], commands: Iterable[Record]
) -> tuple[frozenset[str], dict[str, Evidence]]:
    """What people asked: an option enabled begins anew, its evidence forgotten."""
    kept = dict(evidence)
    for command in commands:
        if command["action"] == "disable":
            disabled |= {command["option"]}
        else:
            disabled -= {command["option"]}
            kept.pop(command["option"], None)
    return disabled, kept
