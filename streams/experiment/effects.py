"""Effects: what an option did compared with control, from decisions with logged propensities. Pure.

The views in schemas/clickhouse have the same formulas. A reward above 0 is relief. Propensities are total: they include
eligibility, the floor and the control share.

Errors are clustered by conversation, because its decisions share a customer: taken as independent, they are too small.
Sequences are in decision order, because early outcomes differ from late ones: arrival order would be biased.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import exp, inf, lgamma, log, log1p, nan, sqrt
from typing import NamedTuple

from streams.interventions.options import CONTROL

SHOWN_AFTER = 200
N_OPT = 500.0  # contrasts near which sequences are tightest
LEAST_ESS = 50.0
CONTROL_SHARE_ALARM = 20.0


class MaturedDecision(NamedTuple):
    """One matured decision.

    Attributes:
        conversation: cluster of the error.
        option: the chosen option; control is one.
        reward: of its outcome.
        chances: total propensity of every option, control included; they sum to 1.
        predicted: reward expected of each option when it was decided; missing counts as 0.
    """

    conversation: str
    option: str
    reward: float
    chances: Mapping[str, float]
    predicted: Mapping[str, float]


Target = Callable[[MaturedDecision], Mapping[str, float]]


class Contrast(NamedTuple):
    """What one decision says about an option compared with control.

    Attributes:
        phi: reward of the option minus that of control: unbiased, doubly robust, noisy.
        weight: makes all contrasts about equally noisy; depends only on the propensities.
        noise: squared prediction error of the chosen option.
    """

    phi: float
    weight: float = 1.0
    noise: float = 0.0


class Evidence(NamedTuple):
    """Sums over contrasts, for an always-valid confidence sequence.

    A learning policy draws a bad option only at its floor. Then hundreds of contrasts contain two or three draws of it,
    and their empirical variance reflects the model's predictions. So contrasts are weighted to equal noise (Hadad et
    al. 2021), and their variance is at least that of the prediction errors.

    Attributes:
        n: contrasts.
        total: sum of weight times contrast.
        squares: sum of its squares.
        weight: sum of weights.
        noise: sum of squared errors.
    """

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    weight: float = 0.0
    noise: float = 0.0

    def add(self, contrast: Contrast) -> "Evidence":
        """The evidence with one more contrast; add them in decision order."""
        weighted = contrast.weight * contrast.phi
        return Evidence(
            self.n + 1,
            self.total + weighted,
            self.squares + weighted * weighted,
            self.weight + contrast.weight,
            self.noise + contrast.noise,
        )

    @property
    def mean(self) -> float:
        """Weighted mean of the contrasts; nan without any."""
        return self.total / self.weight if self.n else nan

    @property
    def variance(self) -> float:
        """Variance of weight times contrast, at least that of the noise; nan without any."""
        if not self.n:
            return nan
        return max(self.squares / self.n - (self.total / self.n) ** 2, self.noise / self.n, 0.0)


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


def is_comparable(decision: MaturedDecision, option: str) -> bool:
    """Whether both the option and control could have been chosen."""
    return decision.chances.get(option, 0.0) > 0 and decision.chances.get(CONTROL, 0.0) > 0


def contrast(decision: MaturedDecision, option: str) -> float:
    """The option minus control in one comparable decision: unbiased, doubly robust."""
    return score_option(decision, option) - score_option(decision, CONTROL)


def weighted_contrast(decision: MaturedDecision, option: str) -> Contrast:
    """The contrast with its weight and noise."""
    return Contrast(
        contrast(decision, option),
        contrast_weight(decision.chances[option], decision.chances[CONTROL]),
        prediction_error(decision) ** 2,
    )


def weighted_contrast_any(decision: MaturedDecision) -> Contrast:
    """Any intervention minus control, with weight and noise."""
    control = decision.chances[CONTROL]
    return Contrast(contrast_any(decision), contrast_weight(1.0 - control, control), prediction_error(decision) ** 2)


def contrast_weight(chance: float, control: float) -> float:
    """Weight of a contrast: one over its standard deviation, for noise of 1."""
    return 1.0 / sqrt(1.0 / chance + 1.0 / control)


def score_option(decision: MaturedDecision, option: str) -> float:
    predicted = decision.predicted.get(option, 0.0)
    return predicted + (decision.option == option) * (decision.reward - predicted) / decision.chances[option]


def is_comparable_any(decision: MaturedDecision) -> bool:
    """Whether both control and some intervention could have been chosen."""
    return 0.0 < decision.chances.get(CONTROL, 0.0) < 1.0


def contrast_any(decision: MaturedDecision) -> float:
    """Any intervention minus control: all options but control as one arm, in their logged mix."""
    chance = 1.0 - decision.chances[CONTROL]
    mixed = (
        sum(p * decision.predicted.get(option, 0.0) for option, p in decision.chances.items() if option != CONTROL)
        / chance
    )
    treated = mixed + (decision.option != CONTROL) * (decision.reward - mixed) / chance
    return treated - score_option(decision, CONTROL)


def rho2(alpha: float, n_opt: float) -> float:
    """Variance of the mixture; the sequence is tightest near ``n_opt`` contrasts."""
    return (2 * log(1 / alpha) + log1p(2 * log(1 / alpha))) / n_opt


def confidence_sequence(evidence: Evidence, alpha: float, n_opt: float) -> tuple[float, float] | None:
    """Confidence interval valid at all looks at once, with probability 1 − alpha. None before two contrasts.

    Waudby-Smith et al., arXiv 2103.06476, asymptotic: show it after ``SHOWN_AFTER``. For several arms, split alpha.
    """
    if evidence.n < 2:
        return None
    spread = evidence.n * rho2(alpha, n_opt)
    margin = boundary(evidence, spread, log(sqrt(spread + 1) / alpha))
    return evidence.mean - margin, evidence.mean + margin


def upper_bound(evidence: Evidence, alpha: float, n_opt: float) -> float | None:
    """One-sided upper bound, valid at all looks at once; below 0 the option harms. None before two contrasts."""
    if evidence.n < 2:
        return None
    spread = evidence.n * rho2(2 * alpha, n_opt)
    return evidence.mean + boundary(evidence, spread, log1p(sqrt(spread + 1) / (2 * alpha)))


def boundary(evidence: Evidence, spread: float, tail: float) -> float:
    """Half width; ``spread`` is n times rho2."""
    of_weighed = sqrt(evidence.variance * 2 * (spread + 1) / (evidence.n * spread) * tail)
    return of_weighed * evidence.n / evidence.weight


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
        decision.chances.get(decision.option, 0.0) <= 0
        or any(wanted > 0 and decision.chances.get(option, 0.0) <= 0 for option, wanted in target(decision).items())
        for decision in decisions
    )


def importance_weight(decision: MaturedDecision, target: Target) -> float:
    return target(decision).get(decision.option, 0.0) / decision.chances[decision.option]


def expected_reward(decision: MaturedDecision, target: Target) -> float:
    return sum(wanted * decision.predicted.get(option, 0.0) for option, wanted in target(decision).items())


def prediction_error(decision: MaturedDecision) -> float:
    return decision.reward - decision.predicted.get(decision.option, 0.0)


def effective_sample_size(weights: Sequence[float]) -> float:
    squares = sum(w * w for w in weights)
    return sum(weights) ** 2 / squares if squares else 0.0


def clustered_error(decisions: Sequence[MaturedDecision], errors: Sequence[float]) -> float:
    """Root of the summed squares of each conversation's summed errors."""
    sums: dict[str, float] = {}
    for decision, error in zip(decisions, errors, strict=True):
        sums[decision.conversation] = sums.get(decision.conversation, 0.0) + error
    return sqrt(sum(total * total for total in sums.values()))


def control_share_bayes_factor(controls: Sequence[tuple[float, int, int]], kappa: float = 100.0) -> float:
    """Bayes factor of another control share against the one on record; above ``CONTROL_SHARE_ALARM``, raise an alarm.

    Beta-binomial against binomial. True shares pass 20 at any of all peeks with probability 1/20 at most.

    Args:
        controls: groups of equal chance of control: that chance, decisions, how many of them were control.
        kappa: how close the other share is expected to be; larger is closer.
    """
    factor = sum(log_factor(*group, kappa) for group in controls)
    return exp(factor) if factor < 700 else inf


def log_factor(share: float, decisions: int, controls: int, kappa: float) -> float:
    if not 0 < share < 1:
        return 0.0 if controls == share * decisions else inf
    others, a, b = decisions - controls, kappa * share, kappa * (1 - share)
    posterior = lgamma(a + controls) + lgamma(b + others) - lgamma(kappa + decisions)
    prior = lgamma(a) + lgamma(b) - lgamma(kappa)
    return posterior - prior - controls * log(share) - others * log1p(-share)
