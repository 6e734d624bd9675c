"""A candidate policy, evaluated offline on logged decisions.

It chooses among the options that were eligible at the time and keeps the logged share of control, so that its value and
that of the logged policy are about the same decisions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from streams.config.model import PolicyConfig
from streams.interventions.options import CONTROL, InterventionOption
from streams.policy import context
from streams.policy.policy import Policy, choice_probabilities

Decision = Mapping[str, Any]


@dataclass(frozen=True)
class CandidatePolicy:
    """A policy to evaluate offline, on logged decisions.

    Attributes:
        name: name in reports and in ClickHouse.
        prefer: weights of options. Others are chosen, uniformly, only if none with one is eligible.
        learned: draw as this snapshot would; None draws by ``prefer``.
        exploration, floor, burden_price: like the settings of the same name, for ``learned``.
    """

    name: str
    prefer: Mapping[str, float] = field(default_factory=dict)
    learned: Policy | None = None
    exploration: float = PolicyConfig.exploration
    floor: float = PolicyConfig.floor
    burden_price: float = PolicyConfig.burden_price

    def probabilities(self, decision: Decision, burdens: Mapping[str, float], ridge: float) -> dict[str, float]:
        """Probability of control and of each option with a positive propensity; the same sum as logged."""
        logged = {entry["option"]: entry["probability"] for entry in decision["propensities"]}
        options = [name for name, p in logged.items() if name != CONTROL and p > 0]
        if not options:
            return logged
        wanted = self._learned(decision, options, burdens, ridge) if self.learned else self._preferred(options)
        left = 1.0 - logged.get(CONTROL, 0.0)
        return {CONTROL: logged.get(CONTROL, 0.0)} | {name: left * p for name, p in wanted.items()}

    def _preferred(self, options: list[str]) -> dict[str, float]:
        weights = {name: self.prefer.get(name, 0.0) for name in options}
        total = sum(weights.values())
        return {name: weight / total if total else 1 / len(options) for name, weight in weights.items()}

    def _learned(
        self, decision: Decision, options: list[str], burdens: Mapping[str, float], ridge: float
    ) -> dict[str, float]:
        assert self.learned is not None
        usable = [name for name in options if name not in self.learned.disabled] or options
        mean, sd = self.learned.predict(decision["context"], usable, ridge)
        prices = self.burden_price * np.array([burdens.get(name, 0.0) for name in usable])
        probabilities = choice_probabilities(mean - prices, sd, self.exploration, self.floor)
        return dict(zip(usable, probabilities.tolist(), strict=True))


def is_decidable(decision: Decision) -> bool:
    """Whether a policy can choose in a decision: available, no holdout, a context of this version."""
    return decision["available"] and not decision["holdout"] and decision["context_version"] == context.VERSION


def read_burdens(protocols: tuple[InterventionOption, ...]) -> dict[str, float]:
    return {option.id: option.burden for option in protocols}
