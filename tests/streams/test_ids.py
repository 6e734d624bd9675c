"""Ids and draws: the same parts, the same id, anywhere."""

from math import sqrt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams import ids

PARTS = st.lists(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8) | st.integers(), min_size=1, max_size=5
)


def test_an_id_never_changes_between_versions() -> None:
    """Written down: ClickHouse and the platform hold ids of last year."""
    assert ids.stable_id("decision", "default", "c1", 1_790_000_000_000, 1) == "1930249911aaf14da77b9d593420b32f"
    assert ids.lottery("d1", "tenor") == 0.9096258693916824


@given(PARTS, PARTS)
def test_different_parts_have_different_ids(one: list[str | int], other: list[str | int]) -> None:
    assert (ids.stable_id(*one) == ids.stable_id(*other)) == (list(map(str, one)) == list(map(str, other)))


def test_where_a_part_ends_matters() -> None:
    assert ids.stable_id("ab", "c") != ids.stable_id("a", "bc")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_id_is_32_hex_digits(part: str) -> None:
    assert len(ids.stable_id(part)) == 32
    int(ids.stable_id(part), 16)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_draw_lies_in_its_interval_and_repeats(decision: str, salt: str) -> None:
    assert 0.0 <= ids.lottery(decision, salt) < 1.0
    assert ids.lottery(decision, salt) == ids.lottery(decision, salt)


def test_draws_are_uniform() -> None:
    draws = np.array([ids.lottery(f"decision-{i}", "salt") for i in range(20_000)])
    assert abs(draws.mean() - 0.5) < 3 * sqrt(1 / 12 / 20_000)
    gaps = np.abs(np.sort(draws) - (np.arange(20_000) + 0.5) / 20_000)
    assert gaps.max() < 1.95 / sqrt(20_000)  # Kolmogorov-Smirnov, 0.1 %
