"""Rollback: disables options that do worse than control."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from streams.config.model import Config
from streams.experiment import effects
from streams.experiment.effects import Evidence
from streams.policy.snapshot import ANY


class Rollback(NamedTuple):
    """An option that a snapshot rolls back, with the evidence against it."""

    option: str
    evidence: Evidence
    upper: float


def find_rollbacks(evidence: Mapping[str, Evidence], disabled: Iterable[str], config: Config) -> list[Rollback]:
    """Enabled options whose effect is below control's with always-valid confidence."""
    alpha = config.policy.alpha / max(len(config.protocols), 1)
    rollbacks = []
    for option, option_evidence in evidence.items():
        if option == ANY or option in disabled or option_evidence.n < config.policy.rollback_after:
            continue
        upper = effects.upper_bound(option_evidence, alpha, effects.N_OPT)
        if upper is not None and upper < 0:
            rollbacks.append(Rollback(option, option_evidence, upper))
    return rollbacks
