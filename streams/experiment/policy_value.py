"""The value of a candidate policy, estimated from logged decisions (off-policy evaluation). Pure.

Errors are clustered by conversation, as in ``effects``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import nan, sqrt
from typing import NamedTuple

from streams.experiment.effects import SHOWN_AFTER, MaturedDecision, prediction_error

LEAST_ESS = 50.0

Target = Callable[[MaturedDecision], Mapping[str, float]]


class PolicyValue(NamedTuple):
    """What a candidate policy would have earned per decision.

    Attributes:
        value: mean reward; nan where there is no estimate.
        error: standard error, clustered by conversation.
        ess: effective sample size, (Σw)²/Σw².
        n: matured decisions.
        unsupported: decisions where the candidate chooses an option with propensity 0; any such prevents an estimate.
    """

    value: float
    error: float
    ess: float
    n: int
    unsupported: int = 0

    @property
    def shown(self) -> bool:
        """Whether there is enough data to show the value."""
        return not self.unsupported and self.n >= SHOWN_AFTER and self.ess >= LEAST_ESS


def snips(decisions: Sequence[MaturedDecision], target: Target) -> PolicyValue:
    """Value of a candidate policy by self-normalised inverse propensity."""
    if missing := count_unsupported(decisions, target):
        return PolicyValue(nan, nan, 0.0, len(decisions), missing)
    weights = [importance_weight(decision, target) for decision in decisions]
    if not (total := sum(weights)):
        return PolicyValue(nan, nan, 0.0, len(decisions))
    value = sum(w * decision.reward for w, decision in zip(weights, decisions, strict=True)) / total
    errors = [w * (decision.reward - value) for w, decision in zip(weights, decisions, strict=True)]
    return PolicyValue(
        value, clustered_error(decisions, errors) / total, effective_sample_size(weights), len(decisions)
    )


def doubly_robust(decisions: Sequence[MaturedDecision], target: Target) -> PolicyValue:
    """Value of a candidate policy, doubly robust: predictions corrected by outcomes."""
    if (missing := count_unsupported(decisions, target)) or not decisions:
        return PolicyValue(nan, nan, 0.0, len(decisions), missing)
    weights = [importance_weight(decision, target) for decision in decisions]
    scores = [
        expected_reward(decision, target) + w * prediction_error(decision)
        for w, decision in zip(weights, decisions, strict=True)
    ]
    value = sum(scores) / len(scores)
    error = clustered_error(decisions, [score - value for score in scores]) / len(scores)
    return PolicyValue(value, error, effective_sample_size(weights), len(decisions))


def policy_gain(decisions: Sequence[MaturedDecision], target: Target) -> PolicyValue:
    """Gain of a candidate policy over the logged policy per decision, doubly robust."""
    estimate = doubly_robust(decisions, target)
    if estimate.unsupported or not decisions:
        return estimate
    scores = [
        expected_reward(decision, target)
        + importance_weight(decision, target) * prediction_error(decision)
        - decision.reward
        for decision in decisions
    ]
    value = sum(scores) / len(scores)
    error = clustered_error(decisions, [score - value for score in scores]) / len(scores)
    return estimate._replace(value=value, error=error)


def count_unsupported(decisions: Iterable[MaturedDecision], target: Target) -> int:
    """Number of decisions without support: the candidate's or the logged option has propensity 0."""
    return sum(
        decision.propensities.get(decision.option, 0.0) <= 0
        or any(
            wanted > 0 and decision.propensities.get(option, 0.0) <= 0 for option, wanted in target(decision).items()
        )
        for decision in decisions
    )


def importance_weight(decision: MaturedDecision, target: Target) -> float:
    return target(decision).get(decision.option, 0.0) / decision.propensities[decision.option]


def expected_reward(decision: MaturedDecision, target: Target) -> float:
    return sum(wanted * decision.predicted.get(option, 0.0) for option, wanted in target(decision).items())


def effective_sample_size(weights: Sequence[float]) -> float:
    squares = sum(w * w for w in weights)
    return sum(weights) ** 2 / squares if squares else 0.0


def clustered_error(decisions: Sequence[MaturedDecision], errors: Sequence[float]) -> float:
    """Root of the summed squares of each conversation's summed errors."""
    sums: dict[str, float] = {}
    for decision, error in zip(decisions, errors, strict=True):
        sums[decision.conversation] = sums.get(decision.conversation, 0.0) + error
    return sqrt(sum(total * total for total in sums.values()))
