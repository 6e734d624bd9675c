"""Pairs: alike, without replacement, and blind to which arm is which."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.blind_review import sheet
from agents.blind_review.matching import CALIPER, Pair, match_pairs, standardize
from agents.blind_review.replies import Exchange
from tests import examples
from tests.agents.blind_review.builders import exchange, exchanges, swapped


def numbers(pair: Pair) -> set[str]:
    return {one.decision.conversation_id for one in (pair.a, pair.b)}


def test_each_pair_holds_both_arms_of_one_channel_and_each_reply_stands_once() -> None:
    found = match_pairs(exchanges(300), 1000, seed=3)
    assert len(found) > 60
    assert all({pair.a.decision.control, pair.b.decision.control} == {True, False} for pair in found)
    assert all(pair.a.decision.channel == pair.b.decision.channel for pair in found)
    used = [name for pair in found for name in numbers(pair)]
    assert len(used) == len(set(used))
    assert len({pair.pair_id for pair in found}) == len(found)


def test_the_nearest_are_paired() -> None:
    treated = [exchange(n, level=n / 10, turn=2) for n in range(10)]
    control = [exchange(100 + n, control=True, level=n / 10 + 0.001, turn=2) for n in range(10)]
    found = match_pairs(treated + control, 100, seed=1)
    assert {frozenset(numbers(pair)) for pair in found} == {frozenset((f"c{n}", f"c{100 + n}")) for n in range(10)}


def test_what_is_too_far_apart_is_no_pair() -> None:
    ones = exchanges(120, seed=9)
    place = dict(zip([one.decision for one in sorted_by_id(ones)], standardize(sorted_by_id(ones)), strict=True))
    for pair in match_pairs(ones, 1000, seed=1):
        assert np.hypot(*(place[pair.a.decision] - place[pair.b.decision])) <= CALIPER
    assert match_pairs([exchange(1, level=-0.9), exchange(2, control=True, level=0.9)], 10, seed=1) == []


def sorted_by_id(ones: list[Exchange]) -> list[Exchange]:
    return sorted(ones, key=lambda one: one.decision.decision_id)


def test_nothing_to_pair() -> None:
    assert match_pairs([], 10, seed=1) == []
    assert match_pairs([exchange(1), exchange(2)], 10, seed=1) == []
    assert len(match_pairs([exchange(1), exchange(2, control=True)], 10, seed=1)) == 1


def test_fewer_are_a_random_choice_of_all() -> None:
    ones = exchanges(300)
    everything = match_pairs(ones, 1000, seed=3)
    assert match_pairs(ones, 20, seed=3) == everything[:20]


def test_the_seed_decides_sides_and_order_and_the_order_of_input_nothing() -> None:
    ones = exchanges(200)
    first = match_pairs(ones, 1000, seed=1)
    assert match_pairs(ones[::-1], 1000, seed=1) == first
    other = match_pairs(ones, 1000, seed=2)
    assert [numbers(pair) for pair in other] != [numbers(pair) for pair in first]
    assert not {pair.pair_id for pair in other} & {pair.pair_id for pair in first}


def test_the_side_tells_nothing() -> None:
    """Over many pairs the intervention stands on either side equally often, and so does the longer reply."""
    found = [pair for seed in range(20) for pair in match_pairs(exchanges(200, seed), 1000, seed)]
    assert len(found) > 500
    assert np.mean([pair.a.decision.control for pair in found]) == pytest.approx(0.5, abs=0.06)
    differ = [pair.a.words > pair.b.words for pair in found if pair.a.words != pair.b.words]
    assert np.mean(differ) == pytest.approx(0.5, abs=0.06)


@examples(60)
@given(st.integers(0, 2**32), st.integers(0, 2**63 - 1), st.integers(0, 60))
def test_the_sheet_is_the_same_had_the_arms_been_the_other_way_round(day: int, seed: int, number: int) -> None:
    """Nothing in the sheet can tell the arm: it does not depend on it, ties among equal levels and turns included."""
    ones = exchanges(number, day)
    assert sheet.write_sheet(match_pairs(ones, 1000, seed)) == sheet.write_sheet(
        match_pairs([*map(swapped, ones)], 1000, seed)
    )
