"""Behavioural signals: they may raise the alarm a little, never lower it, and never move the level.

Public data show that rhythm, pace and pointer carry little information (``streams/signals/typing.py``), so they must
not make the estimate worse. The level follows the customer's words. An observation of behaviour counts for the alarm
only

- if it raises it: CUSUM reads everything below half the target rise as a sign of calm, which rhythm cannot be;
- while what its signal has added since the alarm was last zero stays within a share of the threshold.

So a behavioural signal leaves the level exactly as it is without it. It never lowers the alarm, and never raises it by
more than that share.
"""

import msgspec

from streams.belief import estimator
from streams.belief.estimator import Observation
from streams.config.model import BeliefConfig
from streams.state import Belief


def update_alarm(
    current: Belief, observation: Observation | None, signal: str, share: float, config: BeliefConfig
) -> Belief:
    """The belief after an observation of behaviour, if it may count.

    Args:
        signal: name of the signal: the part of its feature names before the dot.
        share: maximum it may add to the alarm, as a share of the threshold.
    """
    if observation is None:
        return current
    weight, step = estimator.cusum_step(observation, estimator.target_rise(current, config), config)
    before = sum(amount for name, amount in current.evidence.items() if name.startswith(f"{signal}."))
    if step <= 0.0 or before + weight * observation.value > share * config.threshold:
        return current
    alarm = min(current.alarm + step, config.ceiling)
    waiting = current.deferred > 0 or estimator.is_deferred(current, alarm, False, config)
    return msgspec.structs.replace(
        current,
        alarm=alarm,
        raised=not waiting and estimator.is_raised(current.raised, alarm, config),
        evidence=estimator.add_parts(current.evidence, observation.parts, weight),
    )
