"""Least squares from sums: known coefficients are found, and the clustered intervals hold what they promise."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from streams.experiment import least_squares
from streams.experiment.least_squares import Estimate

TRUE = np.array([0.02, -0.4, -0.05, 0.0, 0.03, -0.08, 0.0, 0.06])
TURNS = 8


def scores_of(x: Any, y: Any, groups: Sequence[Any]) -> Any:
    """Sum over groups of the outer product of their scores, row by row."""
    residuals = y - x @ least_squares.coefficients(x.T @ x, x.T @ y)
    names = np.array(groups)
    sums = [(x * residuals[:, None])[names == name].sum(axis=0) for name in dict.fromkeys(groups)]
    return sum(np.outer(one, one) for one in sums)


def estimated(x: Any, y: Any, groups: Sequence[Any]) -> list[Estimate | None]:
    return least_squares.estimates(x.T @ x, x.T @ y, scores_of(x, y, groups), len(set(groups)))


def study(seed: int, conversations: int, spread: float = 0.15) -> tuple[Any, Any, list[int]]:
    """Turns of conversations: operators have habits and customers tempers nobody sees, so both run in conversations."""
    chance, size = np.random.default_rng(seed), len(TRUE) - 2
    xs, ys, groups = list[Any](), list[float](), list[int]()
    for conversation in range(conversations):
        habits, temper, before = chance.choice([0.1, 0.85], size), chance.normal(0, spread), chance.normal(0, 0.15)
        for _ in range(TURNS):
            flags = (chance.random(size) < habits).astype(float)
            x = np.array([1.0, before, *flags])
            xs.append(x)
            ys.append(float(x @ TRUE + temper + 0.7 * spread * (1 + flags[0]) * chance.standard_t(5)))
            groups.append(conversation)
            before = 0.6 * before + chance.normal(0, 0.1)
    return np.array(xs), np.array(ys), groups


def covered(found: Sequence[Estimate | None]) -> list[bool]:
    return [one[1] <= value <= one[2] for one, value in zip(found, TRUE, strict=True) if one is not None][2:]


def test_known_coefficients_are_found() -> None:
    for one, value in zip(estimated(*study(1, 600)), TRUE, strict=True):
        assert one is not None
        assert one[0] == pytest.approx(value, abs=0.05)
    exact = np.array(estimated(*study(2, 40, spread=0.0)))
    assert exact == pytest.approx(np.stack([TRUE] * 3, axis=1), abs=1e-9)


@pytest.mark.parametrize("conversations", [40, 150])
def test_intervals_hold_the_truth_as_often_as_they_say_and_naive_ones_would_not(conversations: int) -> None:
    clustered, naive = [], []
    for seed in range(80):
        x, y, groups = study(seed, conversations)
        clustered += covered(estimated(x, y, groups))
        naive += covered(estimated(x, y, range(len(y))))
    assert len(clustered) == 80 * (len(TRUE) - 2)
    assert np.mean(clustered) >= 0.93
    assert np.mean(naive) < np.mean(clustered) - 0.07


def test_too_few_clusters_are_no_interval() -> None:
    assert estimated(*study(3, len(TRUE))) == [None] * len(TRUE)


COLUMNS = arrays(np.float64, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(-1e3, 1e3))


@given(COLUMNS, st.randoms(use_true_random=False))
def test_whatever_the_rows_estimates_are_finite_and_combinations_of_columns_are_none(x: Any, chance: Any) -> None:
    x = np.column_stack([x, x[:, 0] + x[:, 1], np.zeros(len(x))])
    y = np.array([chance.uniform(-10, 10) for _ in x])
    found = least_squares.estimates(x.T @ x, x.T @ y, scores_of(x, y, range(len(y))), 50)
    assert found[-1] is None or found[-1][0] == 0.0
    for one in found:
        if one is not None:
            assert np.isfinite(one).all()
            assert one[1] <= one[0] <= one[2]
    if all(np.abs(x[:, i]).max() > 1 for i in (0, 1)):
        assert found[3] is None
