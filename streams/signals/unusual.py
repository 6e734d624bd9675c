"""What is unusual for a person: the only part of rhythm and pace that says anything.

A usual rhythm is no sign of calm, and one unusual the other way (fewer corrections, a quicker answer) is none
either: what leans away from frustration or deviates by less than ``usual_z`` is unknown, not zero.
"""

from collections.abc import Mapping

from streams.signals.baseline import deviation
from streams.state import Baseline

Weights = Mapping[str, tuple[float, float]]


def leaning(
    numbers: Mapping[str, float | None], baselines: Mapping[str, Baseline], weights: Weights, usual_z: float
) -> dict[str, float]:
    """What each number adds towards frustration, on the level's scale; those that say nothing are left out.

    Args:
        weights: by name, the weight of one standard deviation, its sign the way frustration goes, and the least
            standard deviation a person is taken to have.
        usual_z: deviations smaller than this, in standard deviations, are usual.
    """
    parts = {}
    for name, (weight, least_sd) in weights.items():
        value = numbers.get(name)
        z = None if value is None else deviation(baselines.get(name), value, least_sd)
        if z is not None and abs(z) >= usual_z and weight * z > 0.0:
            parts[name] = weight * z
    return parts
