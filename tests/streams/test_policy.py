"""The policy: with which chance each may be chosen, and that the draw keeps its word."""

from collections import Counter
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import ids, policy
from streams.protocols import CONTROL
from tests.streams.builders import OFFER, SLOW, option

LOTTERIES = 20_000
VOICE = option("call", channels=("voice",))
DEAR = option("dear", burden=5.0)


@given(st.integers(1, 40), st.floats(0, 1))
def test_chances_are_total_they_sum_to_one(count: int, control_share: float) -> None:
    chances = policy.propensities([option(f"o{i}") for i in range(count)], control_share)
    assert sum(chance for _, chance in chances) == pytest.approx(1.0, abs=1e-9)
    assert chances[0] == (CONTROL, control_share)
    assert all(chance >= 0.0 for _, chance in chances)


@given(st.integers(1, 40), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_every_draw_falls_on_an_option_that_had_a_chance(count: int, control_share: float, lottery: float) -> None:
    chances = policy.propensities([option(f"o{i}") for i in range(count)], control_share)
    name, chance = policy.draw(chances, lottery)
    assert dict(chances)[name] == chance
    assert chance > 0.0


def test_no_rounding_error_leaves_a_draw_without_an_option() -> None:
    assert policy.draw([(CONTROL, 0.1), ("slow", 0.8999999)], 0.99999999) == ("slow", 0.8999999)


@pytest.mark.parametrize("control_share", [0.0, 0.2, 0.5, 1.0])
def test_over_many_lotteries_every_option_gets_its_share(control_share: float) -> None:
    chances = policy.propensities([SLOW, OFFER, VOICE, DEAR], control_share)
    draws = Counter(policy.draw(chances, ids.lottery(f"decision-{i}", "salt"))[0] for i in range(LOTTERIES))
    for name, chance in chances:
        assert abs(draws[name] - LOTTERIES * chance) <= 3 * sqrt(LOTTERIES * chance * (1 - chance)), name
    expected = {name: LOTTERIES * chance for name, chance in chances if chance}
    chi_square = sum((draws[name] - mean) ** 2 / mean for name, mean in expected.items())
    assert chi_square < 18.5  # 0.1 % point of four degrees of freedom


def test_another_salt_is_another_experiment() -> None:
    chances = policy.propensities([SLOW, OFFER], 1 / 3)
    one, other = ([policy.draw(chances, ids.lottery(f"d{i}", salt))[0] for i in range(3000)] for salt in ("a", "b"))
    same = sum(a == b for a, b in zip(one, other, strict=True))
    assert abs(same - 1000) < 3 * sqrt(3000 * (1 / 3) * (2 / 3))
