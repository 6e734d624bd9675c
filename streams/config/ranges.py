"""Range checks of settings: an invalid number is refused where it is set, with an error that names it."""

from math import inf, isfinite
from typing import Any


def check_within(config: Any, least: float, most: float, *names: str) -> None:
    """``ValueError`` for a setting outside ``least`` to ``most`` (inclusive), or not finite."""
    for name in names:
        value = getattr(config, name)
        if not (isfinite(value) and least <= value <= most):
            range_ = f"between {least} and {most}" if most < inf else f"{least} or more"
            raise ValueError(f"{name} must be {range_}, not {value}")


def check_positive(config: Any, *names: str) -> None:
    """``ValueError`` for a setting that is not a finite number above 0."""
    for name in names:
        value = getattr(config, name)
        if not (isfinite(value) and value > 0):
            raise ValueError(f"{name} must be above 0, not {value}")


def check_below(config: Any, lower: str, higher: str) -> None:
    """``ValueError`` if the first setting is not less than the second."""
    first, second = getattr(config, lower), getattr(config, higher)
    if not first < second:
        raise ValueError(f"{lower} must be below {higher} ({second}), not {first}")


def check_at_most(config: Any, lower: str, higher: str) -> None:
    """``ValueError`` if the first setting is more than the second."""
    first, second = getattr(config, lower), getattr(config, higher)
    if not first <= second:
        raise ValueError(f"{lower} must be at most {higher} ({second}), not {first}")
