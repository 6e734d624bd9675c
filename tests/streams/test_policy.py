"""The policy: who may be chosen, with which chance, and that the draw keeps its word."""

from collections import Counter
from math import sqrt
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import fold, ids, policy
from streams.config import Config
from streams.protocols import CONTROL
from streams.state import State
from tests.streams.builders import HAND_OVER, OFFER, SLOW, log, message, nervous, option

LOTTERIES = 20_000
VOICE = option("call", channels=("voice",))
DEAR = option("dear", burden=5.0)
CONFIG = nervous(protocols=(SLOW, OFFER, VOICE, DEAR, HAND_OVER))


def eligible(config: Config = CONFIG, **changes: Any) -> list[str]:
    state: State = fold.opening(log(message())[0], config)
    return [one.id for one in policy.eligible(msgspec.structs.replace(state, **changes), config)]


def test_at_first_everything_but_the_hand_over_may_be_chosen() -> None:
    assert eligible() == ["slow", "offer", "dear"]


def test_an_option_for_a_channel_is_only_chosen_there() -> None:
    assert "call" in eligible(channel="voice")


def test_after_a_failure_the_hand_over_joins_and_what_failed_leaves() -> None:
    assert eligible(failures=1, excluded=("slow",)) == ["offer", "dear", "hand-over"]


def test_after_repeated_failures_only_the_hand_over_is_left() -> None:
    assert eligible(failures=2, excluded=("slow", "offer")) == ["hand-over"]


def test_what_the_conversation_cannot_bear_is_not_asked_of_it() -> None:
    assert "dear" in eligible(spent=1.0)
    assert eligible(spent=1.5) == ["slow", "offer"]
    assert eligible(spent=5.5) == []


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
