"""Behaviour beside the words: it may add a little to the alarm, never takes away, and leaves the level alone.

Public data show that rhythm, pace and pointer carry little (``streams/signals/typing.py``), so they must not be able
to make the belief worse. The level is what the customer says. To the alarm an observation of behaviour counts only

- if it raises it: CUSUM takes everything below half the rise it seeks for a sign of calm, rhythm cannot be one;
- while what its signal added since the alarm last stood at zero stays within a share of the threshold.

So with a signal on, the level is exactly what it is without it; the alarm is never lower, and never higher by more
than that share.
"""

import msgspec

from streams.belief import estimator
from streams.belief.estimator import Observation
from streams.config.model import BeliefConfig
from streams.state import Belief


def update_alarm(
    current: Belief, observation: Observation | None, signal: str, share: float, config: BeliefConfig
) -> Belief:
    """The belief after what behaviour says, if it may count.

    Args:
        signal: whose it is: the part of its names before the dot.
        share: the most it may add to the alarm, as a share of the threshold.
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
