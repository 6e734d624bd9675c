"""Words to hashes: fixed, ordered, bounded; and how much of a text was said before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text_model import hashing
from streams.text_model.hashing import SKETCH, containment, hash_term, sketch, tokenize

HASHES = st.integers(0, hashing.MASK)
FEW = st.sets(st.integers(0, 40), max_size=SKETCH)
MANY = st.sets(HASHES, max_size=100)


@pytest.mark.parametrize(
    ("term", "expected"), [("refund", 2888792), ("not working", 422234), ("^ refund", 14529274), ("é", 298302)]
)
def test_a_term_has_the_same_hash_in_every_process_and_version(term: str, expected: int) -> None:
    """Shipped weights and stored signals know terms by these numbers."""
    assert hash_term(term) == expected


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    assert hash_term("so\ud800") == hash_term("so?")


def test_tokens_are_lower_case_words_marks_and_one_number_for_all() -> None:
    assert tokenize("It's NOT 4711, you're l8?! 😡") == ["it's", "not", "0", ",", "you're", "l", "0", "?!", "😡"]


def test_terms_are_words_then_pairs_with_a_start_and_an_end() -> None:
    assert hashing.hash_terms(["a", "b"]) == [hash_term(term) for term in ("a", "b", "^ a", "a b", "b $")]


def test_no_words_have_no_terms() -> None:
    assert hashing.hash_terms(tokenize(" \n ")) == []


def test_a_term_counts_once_where_it_first_stood() -> None:
    assert hashing.hash_terms(["a", "a", "a"]) == [hash_term(term) for term in ("a", "^ a", "a a", "a $")]


@given(st.text(max_size=3000))
def test_a_text_has_a_bounded_number_of_distinct_terms(said: str) -> None:
    result = hashing.hash_terms(tokenize(said))
    assert len(set(result)) == len(result) <= 2 * hashing.MAX_TOKENS + 1
    assert all(0 <= term <= hashing.MASK for term in result)


def test_a_long_text_is_read_to_its_limit_and_no_further() -> None:
    words = [f"w{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(hashing.MAX_TOKENS + 50)]
    assert tokenize(" ".join(words)) == words[: hashing.MAX_TOKENS]


@given(MANY, MANY)
def test_a_sketch_of_a_sketch_and_more_is_the_sketch_of_all(one: set[int], other: set[int]) -> None:
    assert sketch((*sketch(one), *other)) == sketch(one | other)


@given(MANY)
def test_a_sketch_is_small_and_in_order(found: set[int]) -> None:
    drawn = sketch(found)
    assert drawn == tuple(sorted(found)[:SKETCH])


@given(FEW, FEW)
def test_of_small_sets_the_estimate_is_exact(one: set[int], earlier: set[int]) -> None:
    estimate = containment(sketch(one), sketch(earlier))
    if not one or not earlier:
        assert estimate is None
    elif len(earlier) < SKETCH:
        assert estimate == len(one & earlier) / len(one)


@given(MANY, MANY)
def test_of_any_sets_it_is_a_share_and_what_was_all_said_before_is_all(one: set[int], earlier: set[int]) -> None:
    estimate = containment(sketch(one), sketch(earlier))
    assert estimate is None or 0.0 <= estimate <= 1.0
    assert containment(sketch(one), sketch(one | earlier)) in (None, 1.0)
    assert containment(sketch(one), sketch(earlier - one)) in (None, 0.0)


def test_of_large_sets_it_is_near_the_truth_on_average() -> None:
    """Half of each text was said before; one estimate from sixteen hashes is rough, the mean of many is not."""
    estimates = []
    for number in range(200):
        drawn = [hash_term(f"{number} {word}") for word in range(60)]
        estimates.append(containment(sketch(drawn[:40]), sketch(drawn[20:])))
    known = [estimate for estimate in estimates if estimate is not None]
    assert len(known) > 190
    assert sum(known) / len(known) == pytest.approx(0.5, abs=0.05)
