"""Behaviour beside the words: it may add a little to the belief, and never takes away.

Public data show that rhythm, pace and pointer carry little (``streams/signals/typing.py``), so they must not be able
to make the belief worse. An observation of them counts only

- if it says more than the level already does: a struggle while furious is no calming;
- if it raises the alarm: CUSUM takes everything below half the shift for a sign of calm, rhythm cannot be one;
- while what its signal added since the alarm last stood at zero stays within a share of the threshold.

So with a signal on, the alarm is never lower than without it, and never higher by more than that share.
"""

from streams import belief
from streams.belief import Observation
from streams.config import BeliefConfig
from streams.state import Belief


def admitted(
    observation: Observation | None, signal: str, share: float, current: Belief, config: BeliefConfig
) -> Observation | None:
    """The observation, if it may count.

    Args:
        signal: whose it is: the part of its names before the dot.
        share: the most it may add to the alarm, as a share of the threshold.
    """
    if observation is None or observation.value <= current.level:
        return None
    step = belief.alarm_step(observation, config)
    added = sum(amount for name, amount in current.evidence.items() if name.startswith(f"{signal}."))
    return observation if 0.0 < step <= share * config.threshold - added else None
