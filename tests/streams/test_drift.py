"""Drift: a change of the mean is seen soon, and noise is not."""

from collections.abc import Iterable

import numpy as np
import pytest

from streams.drift import Drift


def noise(seed: int, count: int, mean: float = 0.0) -> list[float]:
    return [float(one) for one in np.random.default_rng(seed).normal(mean, 0.2, count)]


def seen(drift: Drift, residuals: Iterable[float]) -> list[int]:
    return [number for number, one in enumerate(residuals) if drift.seen(one)]


def test_a_change_is_seen_and_its_new_mean_is_told() -> None:
    drift = Drift()
    assert seen(drift, noise(1, 500)) == []
    found = seen(drift, noise(2, 300, -0.3))
    assert found and found[0] < 100
    assert drift.mean == pytest.approx(-0.3, abs=0.05)


def test_noise_is_seldom_taken_for_a_change() -> None:
    alarms = sum(bool(seen(Drift(), noise(seed, 2000))) for seed in range(20))
    assert alarms <= 3


def test_the_same_residuals_are_seen_alike() -> None:
    told = [*noise(1, 300), *noise(2, 300, 0.4)]
    assert seen(Drift(), told) == seen(Drift(), told) != []
