"""Learned lexicons: a number for a text, and bytes that hold it."""

from array import array
from math import sqrt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text_model import lexicon
from streams.text_model.lexicon import SIZE, term_place
from streams.text_model.pretrained import LEXICONS, load_lexicons
from streams.text_model.weights import WeightsError
from tests import examples

WEIGHTS = st.dictionaries(st.integers(0, SIZE - 1), st.floats(-100, 100, width=16), max_size=20)
RAMP = array("f", [index % 97 / 97 for index in range(SIZE)])
TERMS = st.lists(st.integers(0, 2**24 - 1), max_size=40, unique=True)


@examples(25)
@given(WEIGHTS)
def test_a_lexicon_is_read_as_it_was_written(weights: dict[int, float]) -> None:
    one = lexicon.from_weights(weights)
    data = lexicon.pack({"one": one})
    assert lexicon.unpack(data) == {"one": one}
    assert {index: value for index, value in enumerate(one) if value} == {i: v for i, v in weights.items() if v}


def test_what_is_shipped_is_written_as_it_was_read() -> None:
    assert lexicon.pack(load_lexicons()) == LEXICONS.read_bytes()
    assert set(load_lexicons()) == {"displeasure", "distress"}


def test_the_same_lexicons_give_the_same_bytes_in_any_order() -> None:
    first, second = lexicon.from_weights({1: 2.0}), lexicon.from_weights({3: -1.0})
    assert lexicon.pack({"a": first, "b": second}) == lexicon.pack({"b": second, "a": first})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xff",
        msgspec.msgpack.encode({"one": b"\x00" * 7}),
        msgspec.msgpack.encode({"one": bytes(2 * SIZE + 2)}),
        msgspec.msgpack.encode({"one": b"\x00\x7e" * SIZE}),  # not a number
        msgspec.msgpack.encode(["one"]),
        lexicon.pack({"one": lexicon.from_weights({})})[:-1],
    ],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(WeightsError, match="not lexicons"):
        lexicon.unpack(data)


@pytest.mark.parametrize("index", [-1, SIZE])
def test_a_place_outside_is_refused(index: int) -> None:
    with pytest.raises(WeightsError, match=str(index)):
        lexicon.from_weights({index: 1.0})


def test_a_score_is_the_sum_over_the_root_of_the_length() -> None:
    learned = lexicon.from_weights({term_place(7): 3.0, term_place(8): -1.0})
    assert lexicon.score(learned, [7, 8, 9, 10]) == pytest.approx(2.0 / sqrt(4))
    assert lexicon.score(learned, []) is None


@given(TERMS)
def test_a_score_is_what_a_linear_model_says_of_the_features(terms: list[int]) -> None:
    """What it is trained on is what it is used on, but for terms that share a place."""
    features = lexicon.text_features(terms)
    if len(features) == len(terms) and terms:
        expected = sum(RAMP[index] * value for index, value in features.items())
        assert lexicon.score(RAMP, terms) == pytest.approx(expected)
