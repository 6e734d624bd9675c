"""Effects: what an option did compared with control, from decisions with logged propensities. Pure.

The views in schemas/clickhouse have the same formulas. A reward above 0 is relief. Propensities are total: they include
eligibility, the floor and the control share.

Errors are clustered by conversation, because its decisions share a customer: taken as independent, they are too small.
Sequences are in decision order, because early outcomes differ from late ones: arrival order would be biased.
"""

from collections.abc import Mapping
from math import log, log1p, nan, sqrt
from typing import NamedTuple

from streams.interventions.options import CONTROL

SHOWN_AFTER = 200
N_OPT = 500.0  # contrasts near which sequences are tightest


class MaturedDecision(NamedTuple):
    """One matured decision.

    Attributes:
        conversation: cluster of the error.
        option: the chosen option; control is one.
        reward: of its outcome.
        propensities: total propensity of every option, control included; they sum to 1.
        predicted: reward expected of each option when it was decided; missing counts as 0.
    """

    conversation: str
    option: str
    reward: float
    propensities: Mapping[str, float]
    predicted: Mapping[str, float]


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


def is_comparable(decision: MaturedDecision, option: str) -> bool:
    """Whether both the option and control could have been chosen."""
    return decision.propensities.get(option, 0.0) > 0 and decision.propensities.get(CONTROL, 0.0) > 0


def contrast(decision: MaturedDecision, option: str) -> float:
    """The option minus control in one comparable decision: unbiased, doubly robust."""
    return score_option(decision, option) - score_option(decision, CONTROL)


def weighted_contrast(decision: MaturedDecision, option: str) -> Contrast:
    """The contrast with its weight and noise."""
    return Contrast(
        contrast(decision, option),
        contrast_weight(decision.propensities[option], decision.propensities[CONTROL]),
        prediction_error(decision) ** 2,
    )


def weighted_contrast_any(decision: MaturedDecision) -> Contrast:
    """Any intervention minus control, with weight and noise."""
    control = decision.propensities[CONTROL]
    return Contrast(contrast_any(decision), contrast_weight(1.0 - control, control), prediction_error(decision) ** 2)


def contrast_weight(chance: float, control: float) -> float:
    """Weight of a contrast: one over its standard deviation, for noise of 1."""
    return 1.0 / sqrt(1.0 / chance + 1.0 / control)


def score_option(decision: MaturedDecision, option: str) -> float:
    predicted = decision.predicted.get(option, 0.0)
    return predicted + (decision.option == option) * (decision.reward - predicted) / decision.propensities[option]


def is_comparable_any(decision: MaturedDecision) -> bool:
    """Whether both control and some intervention could have been chosen."""
    return 0.0 < decision.propensities.get(CONTROL, 0.0) < 1.0


def contrast_any(decision: MaturedDecision) -> float:
    """Any intervention minus control: all options but control as one arm, in their logged mix."""
    chance = 1.0 - decision.propensities[CONTROL]
    mixed = (
        sum(p * decision.predicted.get(option, 0.0) for option, p in decision.propensities.items() if option != CONTROL)
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


def prediction_error(decision: MaturedDecision) -> float:
    return decision.reward - decision.predicted.get(decision.option, 0.0)
