"""Response times: how long people wait for each other, against this conversation's own pace.

Numbers, log2 of seconds, measured in the fold because they need the turn before; one that is not known is left out:
    latency.wait         how long the customer waited for the last answer, against the operator's pace so far.
    latency.reply        how long the customer took to reply to it, against their own pace.
    latency.unanswered   how long a customer who writes again has waited without an answer, against the operator's
                         pace. It is no answer, so that pace does not learn it.

Reliability: SignalConfig.latency_sd, and no more of the alarm than SignalConfig.latency_share. No effect sizes are
published; the weights are ours. A usual pace says nothing, and neither does a quicker answer than usual.
"""

from collections.abc import Mapping
from math import log2

from streams.belief.estimator import Observation
from streams.signals.baselines import update_baselines
from streams.signals.deviations import weigh_deviations
from streams.state import Baseline

SHORTEST_S = 1.0
LEAST_SD = 0.7
WEIGHTS = {"latency.wait": (0.1, LEAST_SD), "latency.reply": (-0.05, LEAST_SD)}
UNANSWERED = {"latency.unanswered": (0.1, LEAST_SD)}


def measure(customer_at: int, operator_at: int, at: int) -> dict[str, float]:
    """Pace of a customer turn, log2 seconds; empty when times are unknown or contradict each other.

    Args:
        customer_at: when the customer last wrote, milliseconds; 0 for never.
        operator_at: when somebody last answered; 0 for never.
        at: when the customer writes now.
    """
    if not 0 < customer_at <= at:
        return {}
    if customer_at < operator_at <= at:
        return {"latency.wait": log_seconds(operator_at - customer_at), "latency.reply": log_seconds(at - operator_at)}
    return {"latency.unanswered": log_seconds(at - customer_at)} if operator_at < customer_at else {}


def log_seconds(milliseconds: int) -> float:
    return log2(max(milliseconds / 1000, SHORTEST_S))


def observe(
    numbers: Mapping[str, float], baselines: Mapping[str, Baseline], sd: float, usual_z: float
) -> tuple[Observation | None, dict[str, Baseline]]:
    """An observation of unusual pace against the conversation's own, and the updated baselines.

    The value is at most 0.45: the sum of the weights at three standard deviations each.
    """
    parts = weigh_deviations(numbers, baselines, WEIGHTS, usual_z) | weigh_unanswered(numbers, baselines, usual_z)
    observation = Observation(sum(parts.values()), sd, parts) if parts else None
    return observation, update_baselines(numbers, baselines, WEIGHTS)


def weigh_unanswered(
    numbers: Mapping[str, float], baselines: Mapping[str, Baseline], usual_z: float
) -> dict[str, float]:
    """Compare the wait of a customer without an answer with the usual time to an answer."""
    pace = baselines.get("latency.wait")
    return weigh_deviations(numbers, {"latency.unanswered": pace}, UNANSWERED, usual_z) if pace else {}
