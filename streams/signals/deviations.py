"""Weighs deviations from a person's usual values: the only informative part of rhythm and pace.

A usual rhythm is not a sign of calm, and neither is an unusual one in the other direction (fewer corrections, a quicker
reply). A deviation away from frustration, or smaller than ``usual_z``, counts as unknown, not as zero.
"""

from collections.abc import Mapping

from streams.signals.baselines import Weights, measure_deviations
from streams.state import Baseline


def weigh_deviations(
    numbers: Mapping[str, float | None], baselines: Mapping[str, Baseline], weights: Weights, usual_z: float
) -> dict[str, float]:
    """What each number adds towards frustration, on the level's scale; uninformative ones are left out.

    Args:
        weights: by name, the weight of one standard deviation, its sign the way frustration goes, and the least
            standard deviation a person is taken to have.
        usual_z: deviations smaller than this, in standard deviations, are usual.
    """
    deviations = measure_deviations(numbers, baselines, weights)
    return {name: part for name, z in deviations.items() if abs(z) >= usual_z and (part := weights[name][0] * z) > 0.0}
