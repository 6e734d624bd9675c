"""A person's own usual value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.signals.baselines import ENOUGH, MEMORY, measure_deviation, update_baseline
from streams.state import Baseline

NUMBERS = st.floats(-1e6, 1e6)


def learned(values: list[float]) -> Baseline:
    baseline = None
    for value in values:
        baseline = update_baseline(baseline, value)
    assert baseline is not None
    return baseline


@given(st.lists(NUMBERS, min_size=1, max_size=MEMORY))
def test_while_memory_lasts_it_is_the_plain_mean_and_variance(values: list[float]) -> None:
    baseline = learned(values)
    assert baseline.count == len(values)
    assert baseline.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-6)
    assert baseline.variance == pytest.approx(np.var(values), rel=1e-6, abs=1e-6)


def test_old_habits_fade() -> None:
    baseline = learned([100.0] * 100 + [50.0] * 200)
    assert baseline.count == MEMORY
    assert baseline.mean == pytest.approx(50.0, abs=0.1)


def test_a_longer_memory_fades_more_slowly() -> None:
    short, long = learned([100.0] * 200 + [50.0] * 50), None
    for value in [100.0] * 200 + [50.0] * 50:
        long = update_baseline(long, value, 150)
    assert long is not None
    assert long.count == 150
    assert long.mean == pytest.approx(50 + 50 * (149 / 150) ** 50)
    assert short.mean < 60 < 80 < long.mean


@pytest.mark.parametrize("count", range(ENOUGH))
def test_two_values_are_no_habit(count: int) -> None:
    assert measure_deviation(Baseline(1.0, 1.0, count) if count else None, 5.0, 1.0) is None


def test_a_deviation_is_counted_in_the_persons_own_standard_deviations() -> None:
    assert measure_deviation(Baseline(10.0, 4.0, 3), 13.0, 0.1) == pytest.approx(1.5)


def test_nobody_is_steadier_than_the_least_deviation() -> None:
    assert measure_deviation(Baseline(10.0, 0.0, 3), 11.0, 2.0) == pytest.approx(0.5)


@given(NUMBERS, st.floats(0.0, 1e12), NUMBERS, st.floats(1e-3, 1e3))
def test_no_deviation_exceeds_three(mean: float, variance: float, value: float, least: float) -> None:
    z = measure_deviation(Baseline(mean, variance, 9), value, least)
    assert z is not None
    assert -3.0 <= z <= 3.0


@given(st.lists(NUMBERS, min_size=1, max_size=80))
def test_the_variance_is_never_negative(values: list[float]) -> None:
    assert learned(values).variance >= 0.0
