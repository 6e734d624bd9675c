"""Cues are found wherever their patterns are, whether or not the patterns are searched."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.signals import cues
from streams.text_model.hashing import MAX_TOKENS, tokenize

WORDS = st.sampled_from(sorted({word for words in cues.REQUIRED_WORDS.values() for word in words.split()}))
OTHERS = st.sampled_from(["no", "not", "i", "your", "that", "'", "_", "2", "x", "straße", "\u0301", "\n"])
GLUE = st.sampled_from([" ", " ", "", "'", "_", ". "])
ANYTHING = st.lists(st.tuples(WORDS | OTHERS | st.text(max_size=3), GLUE), max_size=20).map(
    lambda parts: "".join(word + glue for word, glue in parts)
)


def as_patterns_say(lower: str) -> list[str]:
    return [name for name, pattern in cues.CUSTOMER_PATTERNS if pattern.search(lower)]


@given(st.data(), ANYTHING, ANYTHING)
@pytest.mark.parametrize("name", cues.CUSTOMER_CUES)
def test_what_a_pattern_matches_is_found(name: str, data: st.DataObject, before: str, after: str) -> None:
    said = data.draw(st.from_regex(dict(cues.CUSTOMER_PATTERNS)[name], fullmatch=True))
    lower = f"{before} {said} {after}".lower()
    assert cues.find_customer_cues(lower, tokenize(lower)) == as_patterns_say(lower)


@given(ANYTHING.map(str.lower))
@example("i've said it's broken: doesn't work, s'again")
@example("²'again")
@example("_again_ 2again again2 again's")
def test_no_more_and_no_less_than_the_patterns_is_found(lower: str) -> None:
    assert cues.find_customer_cues(lower, tokenize(lower)) == as_patterns_say(lower)


def test_what_stands_behind_the_last_token_is_found() -> None:
    lower = "so " * MAX_TOKENS + "this is ridiculous"
    assert cues.find_customer_cues(lower, tokenize(lower)) == ["text.severity"]


def test_every_cue_of_a_customer_says_what_it_needs() -> None:
    assert cues.REQUIRED_WORDS.keys() == cues.CUSTOMER_CUES.keys()
