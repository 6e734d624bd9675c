"""Discounted disjoint linear Thompson sampling, with the probability of every option instead of a draw.

Each option has its own Bayesian linear regression of reward on context (Agrawal & Goyal 2013, disjoint arms). A draw of
Thompson sampling is the option whose sampled mean is highest. Here nothing is sampled: the chance that each option
would be highest is computed, so that it can be mixed with a floor, logged, and drawn from by anybody who can repeat it.
What is logged is therefore exact as a propensity, however well the quadrature approximates the Gaussian integral.
Forgetting by a factor: Russac, Vernade & Cappé 2019.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]

_POINTS, _WEIGHTS = np.polynomial.hermite_e.hermegauss(24)
# The product below includes the option's own factor, Φ(z): cheaper to divide it out of the weights than to skip it.
_WEIGHTS_WITHOUT_OWN: Array = _WEIGHTS / _WEIGHTS.sum() / ndtr(_POINTS)
_LEAST_SD = 1e-100


class Arm(NamedTuple):
    """Regression of one option: sums, so that examples may be added in any grouping."""

    precision: Array
    """(d, d): ridge·I + Σ w·x·xᵀ."""
    response: Array
    """(d,): Σ w·r·x."""


def new_arm(size: int, ridge: float) -> Arm:
    """An untried option with ``size`` features. ``ridge`` > 0 is the weight of the prior, 0, in examples."""
    return Arm(ridge * np.eye(size), np.zeros(size))


def discount_arm(arm: Arm, factor: float, ridge: float) -> Arm:
    """The option after discounting: examples count ``factor`` (0 to 1) of before; the ridge stays."""
    precision = factor * arm.precision
    precision.flat[:: len(arm.response) + 1] += (1.0 - factor) * ridge
    return Arm(precision, factor * arm.response)


def update_arm(arm: Arm, x: Sequence[float] | Array, reward: float, weight: float = 1.0) -> Arm:
    """The option with one more example: ``reward`` in context ``x``, counted ``weight`` times. ``arm`` stays."""
    context = np.asarray(x, dtype=np.float64)
    # Weighted last: the product of two features is the same either way round, so the matrix stays symmetric.
    return Arm(arm.precision + weight * (context[:, None] * context), arm.response + reward * weight * context)


class Posterior:
    """Predictions of the options. Built once per set of weights: inverting costs more than predicting.

    Raises ``numpy.linalg.LinAlgError`` where a precision is not positive definite.
    """

    __slots__ = ("_roots", "_weights")

    def __init__(self, arms: Sequence[Arm]) -> None:
        precision: Array = np.stack([arm.precision for arm in arms])
        roots: Array = np.linalg.inv(np.linalg.cholesky(precision)).astype(np.float64, copy=False)
        response = np.stack([arm.response for arm in arms])[:, :, None]
        self._roots = roots  # inverse Cholesky factors: |root·x|² = xᵀA⁻¹x, which cannot round below 0
        self._weights: Array = (roots.transpose(0, 2, 1) @ (roots @ response))[:, :, 0]

    @property
    def is_finite(self) -> bool:
        """Whether predictions are finite."""
        return bool(np.isfinite(self._weights).all() and np.isfinite(self._roots).all())

    def predict(self, xs: Array, rows: Sequence[int]) -> tuple[Array, Array]:
        """Mean reward and its sd (for noise of sd 1) of options ``rows``, each in its own context, a row of ``xs``."""
        chosen = np.asarray(rows)
        mean = (xs * self._weights[chosen]).sum(axis=1)
        spread = (self._roots[chosen] @ xs[:, :, None])[:, :, 0]
        return mean, np.sqrt((spread * spread).sum(axis=1))


def best_probabilities(mean: Array, sd: Array) -> Array:
    """Chance that each of independent normal values is the highest; sums to 1.

    P(a) = E_z[∏_{b≠a} Φ((m_a + s_a·z − m_b) / s_b)], by 24-node Gauss–Hermite quadrature. Options without spread that
    share the highest mean share the chance.
    """
    sd = np.maximum(sd, _LEAST_SD)
    ahead = mean[:, None] - mean[:, None, None] + (sd[:, None] * _POINTS)  # of option b, by option a, at node z
    below = ndtr(ahead / sd[:, None, None])
    chances: Array = np.multiply.reduce(below, axis=0) @ _WEIGHTS_WITHOUT_OWN
    total: Array = chances / chances.sum()
    return total


def apply_floor(probabilities: Array, floor: float) -> Array:
    """No option below ``floor``; the rest is shared in proportion. Uniform where the floor leaves no rest."""
    count = len(probabilities)
    rest = max(0.0, 1.0 - count * floor)
    return (1.0 - rest) / count + rest * probabilities
