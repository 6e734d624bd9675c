"""What is unusual for a person: the only part of rhythm and pace that says anything.

A usual rhythm is no sign of calm, and one unusual the other way (fewer corrections, a quicker answer) is none
either: what leans away from frustration or deviates by less than ``usual_z`` is unknown, not zero.
"""

from collections.abc import Mapping

from streams.signals.baselines import Weights, measure_deviations
from streams.state import Baseline


def weigh_deviations(
    numbers: Mapping[str, float | None], baselines: Mapping[str, Baseline], weights: Weights, usual_z: float
) -> dict[str, float]:
    """What each number adds towards frustration, on the level's scale; those that say nothing are left out.

    Args:
        weights: by name, the weight of one standard deviation, its sign the way frustration goes, and the least
            standard deviation a person is taken to have.
        usual_z: deviations smaller than this, in standard deviations, are usual.
    """
    deviations = measure_deviations(numbers, baselines, weights)
    return {name: part for name, z in deviations.items() if abs(z) >= usual_z and (part := weights[name][0] * z) > 0.0}
