"""Latency: how long people wait for each other, against this conversation's own pace.

Numbers, log2 of seconds, measured in the fold because they need the turn before:
    latency.wait    how long the customer waited for the last answer.
    latency.reply   how long the customer took to reply to it.

No effect sizes are published: SignalConfig.latency_sd is wide.
"""

from collections.abc import Mapping
from math import log2

from streams.belief import Observation
from streams.signals.baseline import deviation, learn
from streams.state import Baseline

SHORTEST_S = 1.0
LEAST_SD = 0.7
WEIGHTS = {"latency.wait": 0.1, "latency.reply": -0.05}


def measure(customer_at: int, operator_at: int, at: int) -> dict[str, float]:
    """Waiting and reply time of a customer turn, log2 seconds; empty when nobody answered since the last turn.

    Args:
        customer_at: when the customer last wrote, milliseconds; 0 for never.
        operator_at: when somebody last answered; 0 for never.
        at: when the customer writes now.
    """
    if not customer_at < operator_at <= at or not customer_at:
        return {}
    return {"latency.wait": seconds(operator_at - customer_at), "latency.reply": seconds(at - operator_at)}


def seconds(milliseconds: int) -> float:
    return log2(max(milliseconds / 1000, SHORTEST_S))


def observe(
    numbers: Mapping[str, float], baselines: Mapping[str, Baseline], sd: float
) -> tuple[Observation | None, dict[str, Baseline]]:
    """What the pace says against the conversation's own, and the baselines that learned it."""
    learned, parts = dict(baselines), {}
    for name, value in numbers.items():
        z = deviation(baselines.get(name), value, LEAST_SD)
        if z is not None:
            parts[name] = WEIGHTS[name] * z
        learned[name] = learn(baselines.get(name), value)
    return (Observation(sum(parts.values()), sd, parts) if parts else None), learned
