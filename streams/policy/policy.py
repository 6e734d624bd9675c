"""The policy: probabilities of the options, and the draw.

The probabilities are total: they include eligibility, the floor, the share of control and the holdout, and sum to 1.
They are logged as they are, and the option is drawn from them by a keyed hash, so that an audit can repeat the draw.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from streams.config.model import Config
from streams.interventions.options import CONTROL, InterventionOption
from streams.policy import context
from streams.policy.snapshot import Snapshot, to_record
from streams.policy.thompson import Array, apply_floor, best_probabilities

Propensities = list[tuple[str, float]]
# Logged numbers are rounded: a processor that rounds its last bit differently must not give another record.
PROPENSITY_DIGITS, REWARD_DIGITS = 12, 9


class OptionProbabilities(NamedTuple):
    """Probabilities and predictions before the draw.

    Attributes:
        propensities: total probability of control and of each option; sums to 1.
        predicted: reward expected of control and of each option; None while nothing was learned.
    """

    propensities: Propensities
    predicted: Mapping[str, float] | None


class Policy:
    """A snapshot in use.

    Args:
        snapshot: what was learned.
        version: of the snapshot; None computes it.
    """

    __slots__ = ("_posterior", "_rows", "disabled", "matured", "version")

    def __init__(self, snapshot: Snapshot, version: str | None = None) -> None:
        self.version = version or to_record(snapshot)["policy_version"]
        self.disabled = snapshot.disabled
        self.matured = snapshot.matured
        self._rows = {name: row for row, name in enumerate(snapshot.arms)}
        self._posterior = snapshot.posterior if snapshot.arms else None

    def predict(self, features: context.Context, options: Sequence[str], ridge: float) -> tuple[Array, Array]:
        """Mean reward of each option and its sd for noise of sd 1; the prior's for an option never tried."""
        xs = np.empty((len(options), context.SIZE))
        xs[:, :-1] = context.shared_features(features)
        xs[:, -1] = [features.get(context.BEFORE + option, 0.0) for option in options]
        rows = [self._rows[option] for option in options if option in self._rows]
        if self._posterior is not None and len(rows) == len(options):
            return self._posterior.predict(xs, rows)
        mean, sd = np.zeros(len(options)), np.sqrt((xs * xs).sum(axis=1) / ridge)
        if self._posterior is not None and rows:
            known = [option in self._rows for option in options]
            mean[known], sd[known] = self._posterior.predict(xs[known], rows)
        return mean, sd


def option_probabilities(
    options: Sequence[InterventionOption],
    features: context.Context,
    policy: Policy | None,
    config: Config,
    control_share: float,
) -> OptionProbabilities:
    """Total probability and predicted reward of control and of each option.

    Args:
        options: those that are eligible, at least one.
        features: the context.
        policy: what was learned; None while nothing was.
        control_share: probability of control; 1 for a customer in the holdout.
    """
    names = [option.id for option in options]
    if policy is None:
        return OptionProbabilities(add_control(names, np.full(len(names), 1 / len(names)), control_share), None)
    mean, sd = policy.predict(features, [*names, CONTROL], config.policy.ridge)
    rounded = [round(mean_reward, REWARD_DIGITS) for mean_reward in mean.tolist()]
    predicted = dict(zip([*names, CONTROL], rounded, strict=True))
    if policy.matured < config.policy.safe_start:
        best = apply_floor(np.full(len(names), 1 / len(names)), config.policy.floor)
    else:
        prices = config.policy.burden_price * np.array([option.burden for option in options])
        best = choice_probabilities(mean[:-1] - prices, sd[:-1], config.policy.exploration, config.policy.floor)
    return OptionProbabilities(add_control(names, best, control_share), predicted)


def choice_probabilities(worth: Array, sd: Array, exploration: float, floor: float) -> Array:
    """Probability of each option by its predicted reward minus burden, and by the uncertainty."""
    return apply_floor(best_probabilities(worth, exploration * sd), floor)


def add_control(names: Sequence[str], best: Array, control_share: float) -> Propensities:
    """Propensities: control first, then each option's part of the rest."""
    parts = ((1.0 - control_share) * best).tolist()
    return [
        (CONTROL, control_share),
        *((name, round(part, PROPENSITY_DIGITS)) for name, part in zip(names, parts, strict=True)),
    ]


def draw_option(propensities: Propensities, uniform: float) -> tuple[str, float]:
    """The option that a uniform draw in [0, 1) selects, and its probability."""
    for (name, probability), upper in zip(propensities, accumulate(p for _, p in propensities), strict=True):
        if uniform < upper:
            return name, probability
    return max(propensities, key=lambda entry: entry[1])  # the sum may fall short of 1 by a rounding error
