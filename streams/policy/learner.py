"""The policy learner: joined decisions, ratings and commands to the next snapshot. Pure.

A batch first discounts every option by the number of its outcomes (much more if errors have grown), then adds its
examples in the order of their decision ids. So a snapshot depends only on the previous one and on the *set* of records
between their positions, and ``tenor verify`` can reproduce it.
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
LARGEST = 1e6  # of any number in an example; a larger or non-finite number is an error


def next_snapshot(
    before: Snapshot, batch: JoinedBatch, commands: Sequence[Record], positions: Mapping[Position, int], config: Config
) -> Snapshot:
    """The snapshot that follows.

    Args:
        batch: a batch of ``OutcomeJoin``.
        commands: of operators, in order; applied after the examples.
        positions: offsets up to which the inputs were read.
    """
    examples = [(example, ratings) for example, ratings in batch.examples if is_learnable(example)]
    evidence = update_evidence(before.evidence, [example for example, _ in examples])
    disabled = before.disabled | {lost.option for lost in find_rollbacks(evidence, before.disabled, config)}
    disabled, evidence = apply_commands(disabled, evidence, commands)
    drift_update = drift.update_errors(before.errors, squared_errors(before, examples, config.policy))
    return msgspec.structs.replace(
        before,
        arms=update_arms(before.arms, examples, batch.rated, config.policy, drift_update.grew),
        errors=drift_update.errors,
        forgot=drift_update.grew,
        evidence=evidence,
        disabled=disabled,
        matured=before.matured + len(examples),
        created_at=max([before.created_at, *(example.outcome["event_time"] for example, _ in examples)]),
        positions=dict(positions),
        previous=(before.version or to_record(before)["policy_version"]) if before.positions else None,
        config_version=config.version,
        version=None,
    )


def is_learnable(example: TrainingExample) -> bool:
    """Whether an example has a reward, a context of this version, and numbers within range."""
    reward, features, predicted = (
        example.outcome["reward"],
        example.decision["context"],
        example.decision["predicted_reward"] or {},
    )
    if reward is None or example.decision["context_version"] != context.VERSION or not context.is_complete(features):
        return False
    return all(abs(number) <= LARGEST for number in (reward, *features.values(), *predicted.values()))


def update_arms(
    arms: Mapping[str, Arm],
    examples: Sequence[tuple[TrainingExample, tuple[float, ...]]],
    re_rated: Sequence[RatedDecision],
    config: PolicyConfig,
    grew: bool = False,
) -> dict[str, Arm]:
    """The options after a batch. A late rating corrects the reward that was learned.

    Args:
        grew: whether errors have grown; earlier learning is then discounted heavily.
    """
    factor = config.discount ** len(examples) * (config.remembered_after_drift if grew else 1.0)
    known = {name: thompson.discount_arm(arm, factor, config.ridge) for name, arm in arms.items()}
    for example, ratings in examples:
        name = example.decision["option"]
        arm = known.get(name) or thompson.new_arm(context.SIZE, config.ridge)
        reward = blend_reward(example.outcome["reward"], ratings, config)
        known[name] = thompson.update_arm(arm, context.option_features(example.decision["context"], name), reward)
    for re_rating in re_rated:
        correct_reward(known, re_rating, config)
    return {name: known[name] for name in sorted(known)}


def squared_errors(
    before: Snapshot, examples: Sequence[tuple[TrainingExample, tuple[float, ...]]], config: PolicyConfig
) -> list[float]:
    """Squared error of the previous snapshot's prediction for each reward, for options it knows."""
    rows = {name: row for row, name in enumerate(before.arms)}
    predictable = [(example, ratings) for example, ratings in examples if example.decision["option"] in rows]
    if not predictable:
        return []
    chosen = [example.decision["option"] for example, _ in predictable]
    features = np.array(
        [
            context.option_features(example.decision["context"], name)
            for (example, _), name in zip(predictable, chosen, strict=True)
        ]
    )
    expected, _ = before.posterior.predict(features, [rows[name] for name in chosen])
    rewards = np.array([blend_reward(example.outcome["reward"], ratings, config) for example, ratings in predictable])
    squares: list[float] = ((rewards - expected) ** 2).tolist()
    return squares


def correct_reward(arms: dict[str, Arm], re_rating: RatedDecision, config: PolicyConfig) -> None:
    """Correct the learned reward of a decision after another rating."""
    example = re_rating.example
    name, level_fall = example.decision["option"], example.outcome["reward"]
    if not is_learnable(example) or name not in arms:
        return
    change = blend_reward(level_fall, re_rating.now, config) - blend_reward(level_fall, re_rating.before, config)
    features = context.option_features(example.decision["context"], name)
    response = arms[name].response + [change * number for number in features]
    arms[name] = Arm(arms[name].precision, response)


def blend_reward(level_fall: float, ratings: Sequence[float], config: PolicyConfig) -> float:
    """Reward of a decision: the fall of the level, blended with the mean rating, if there is one.

    Args:
        level_fall: of the level over the window.
        ratings: each -1 to 1.
    """
    if not ratings:
        return level_fall
    rated = config.rating_scale * sum(ratings) / len(ratings)
    return (1 - config.rating_weight) * level_fall + config.rating_weight * rated


def rating_score(rating: Record) -> float | None:
    """Score of a rating, -1 to 1; None without an answer about the reply."""
    scores = [(rating[name] - 3) / 2 for name in ("clarity", "tone", "resonance") if rating[name] is not None]
    if rating["felt_understood"] is not None:
        scores.append(1.0 if rating["felt_understood"] else -1.0)
    return sum(scores) / len(scores) if scores else None


def update_evidence(before: Mapping[str, Evidence], examples: Iterable[TrainingExample]) -> dict[str, Evidence]:
    """Evidence of each option's contrast with control, with the examples added. Ratings do not count."""
    sums = dict(before)
    for example in examples:
        decision = to_matured_decision(example)
        if effects.is_comparable_any(decision):
            sums[ANY] = sums.get(ANY, Evidence()).add(effects.weighted_contrast_any(decision))
        for option in decision.propensities:
            if option != CONTROL and effects.is_comparable(decision, option):
                sums[option] = sums.get(option, Evidence()).add(effects.weighted_contrast(decision, option))
    return {option: sums[option] for option in sorted(sums)}


def to_matured_decision(example: TrainingExample) -> MaturedDecision:
    """An example as a matured decision."""
    decision = example.decision
    return MaturedDecision(
        conversation=decision["conversation_id"],
        option=decision["option"],
        reward=example.outcome["reward"],
        propensities={entry["option"]: entry["probability"] for entry in decision["propensities"]},
        predicted=decision["predicted_reward"] or {},
    )


def apply_commands(
    disabled: frozenset[str], evidence: Mapping[str, Evidence], commands: Iterable[Record]
) -> tuple[frozenset[str], dict[str, Evidence]]:
    """Apply operators' commands; an enabled option starts again without its evidence."""
    remaining = dict(evidence)
    for command in commands:
        if command["action"] == "disable":
            disabled |= {command["option"]}
        else:
            disabled -= {command["option"]}
            remaining.pop(command["option"], None)
    return disabled, remaining
