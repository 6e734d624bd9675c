"""Shares: Wilson's interval as SciPy has it, and the ends exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from streams.experiment.proportions import share, wilson


@given(st.integers(1, 2000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_is_wilsons(counts: tuple[int, int]) -> None:
    hits, of = counts
    expected = binomtest(hits, of).proportion_ci(method="wilson")
    assert wilson(hits, of) == (pytest.approx(expected.low, abs=1e-6), pytest.approx(expected.high, abs=1e-6))
    low, high = wilson(hits, of)
    assert 0.0 <= low <= hits / of <= high <= 1.0
    assert share(hits, of) == {"hits": hits, "of": of, "share": hits / of, "low": low, "high": high}


def test_the_ends_are_exact_and_nothing_of_none_is_unknown() -> None:
    assert (wilson(0, 3)[0], wilson(3, 3)[1]) == (0.0, 1.0)
    assert wilson(30, 30)[0] > wilson(3, 3)[0]
    assert share(0, 0) == {"hits": 0, "of": 0, "share": None, "low": None, "high": None}
