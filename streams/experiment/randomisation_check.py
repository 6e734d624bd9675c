"""Checks the randomisation: whether the logged share of control matches the draws. Pure."""

from collections.abc import Sequence
from math import exp, inf, lgamma, log, log1p

CONTROL_SHARE_ALARM = 20.0


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
