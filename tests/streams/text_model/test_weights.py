"""Weights: arrays, their bytes, and the name of both."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text_model import weights
from streams.text_model.pretrained import WEIGHTS, load_weights
from streams.text_model.prior import expert_weights
from streams.text_model.weights import HEADS, LARGEST, LENGTH, PLACES, SIZE, WeightsError
from tests import examples
from tests.support.data.dialogues import random_weights

VALUES = st.dictionaries(st.integers(0, LENGTH - 1), st.floats(-10, 10), max_size=20)
LEARNED = st.fixed_dictionaries(dict.fromkeys(HEADS, VALUES))


@examples(8)
@given(LEARNED)
def test_weights_are_read_as_they_were_written(learned: dict[str, dict[int, float]]) -> None:
    one = weights.from_heads(learned)
    data = weights.pack(one)
    assert weights.unpack(data) == one
    assert weights.pack(weights.unpack(data)) == data


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_published_is_exactly_what_is_used(seed: int) -> None:
    one = random_weights(seed)
    assert weights.unpack(weights.pack(one)) == one


def test_what_is_shipped_is_a_model_with_all_heads() -> None:
    one = load_weights()
    assert weights.unpack(weights.pack(one)) == one
    assert all(any(head) for head in one[:3])
    assert WEIGHTS.stat().st_size < 300_000


def test_a_weight_is_kept_to_three_digits() -> None:
    one = weights.from_heads({"now": {5: 1.23456}})
    assert one.now[5] == pytest.approx(1.23456, rel=1e-3)
    assert not any(one.next) and not any(one.rise)


def test_the_same_weights_have_one_name_and_others_another() -> None:
    one = weights.from_heads({"now": {5: 1.0}})
    assert one.version == weights.from_heads({"now": {5: 1.0}, "next": {}}).version
    names = {one.version, weights.from_heads({"next": {5: 1.0}}).version, weights.from_heads({"now": {6: 1.0}}).version}
    assert len({*names, weights.zero_weights().version, expert_weights().version, load_weights().version}) == 6
    assert all(len(name) == 16 for name in names)


def test_numbers_have_places_no_term_can_reach() -> None:
    assert len(set(PLACES.values())) == len(PLACES)
    assert all(SIZE <= place < LENGTH for place in PLACES.values())


@pytest.mark.parametrize("place", [-1, LENGTH])
def test_a_place_outside_is_refused(place: int) -> None:
    with pytest.raises(WeightsError, match=str(place)):
        weights.from_heads({"now": {place: 1.0}})


def test_what_half_precision_cannot_hold_is_cut() -> None:
    one = weights.from_heads({"now": {1: 1e9, 2: -1e9}})
    assert one.now[1] == -one.now[2] == pytest.approx(LARGEST, rel=1e-3)
    assert weights.unpack(weights.pack(one)) == one


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"weights",
        zlib.compress(b""),
        zlib.compress(bytes(2 * LENGTH * 2)),
        zlib.compress(bytes(4 * LENGTH * 2)),
        zlib.compress(bytes(3 * LENGTH * 2 - 1)),
        zlib.compress(b"\x00\x7e" * LENGTH * 3),  # not a number
        zlib.compress(b"\x00\x7c" * LENGTH * 3),  # infinity
        weights.pack(weights.zero_weights())[:-1],
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(WeightsError, match="not weights of a text model"):
        weights.unpack(data)


@given(st.binary(max_size=100))
def test_noise_is_refused_not_crashed_on(noise: bytes) -> None:
    with pytest.raises(WeightsError):
        weights.unpack(noise)
