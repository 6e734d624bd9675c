"""The sentiment is VADER's own, whatever is written."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES

from streams.signals.sentiment import MAX_EMOJIS, analyzer, compound, limit_emojis
from tests import examples

RULES = sorted({word for phrase in (*BOOSTER_DICT, *SPECIAL_CASES, *NEGATE) for word in phrase.split()})
OTHERS = [
    "no",
    "No",
    "least",
    "at",
    "very",
    "but",
    "or",
    "this",
    "doubt",
    "so",
    "isn't",
    "N'T",
    "parcel",
    "I",
    "!",
    "??",
    "!!",
]
VALENCES = [
    "good",
    "GOOD",
    "bad",
    "kind",
    "great",
    "terrible",
    "ass",
    "heart",
    "death",
    "no",
    ":)",
    ":D",
    "🙂",
    "😡",
    "é",
]
WORDS = st.sampled_from(RULES) | st.sampled_from(OTHERS) | st.sampled_from(VALENCES) | st.text(max_size=4)
TEXTS = st.lists(WORDS | WORDS.map(str.upper), max_size=12).map(" ".join)


def as_vader_says(text: str) -> float:
    return float(analyzer().polarity_scores(limit_emojis(text))["compound"])


@given(TEXTS)
@examples(1000)
@example("")
@example("good but bad but good")
@example("kind of good, kind")
@example("This is the SHIT, not so bad at all!!!")
def test_the_score_is_the_one_of_vader(text: str) -> None:
    assert compound(text) == as_vader_says(text)


@pytest.mark.parametrize(
    "rule", sorted((*BOOSTER_DICT, *SPECIAL_CASES, *NEGATE, "no", "least", "at least", "this", "so"))
)
@pytest.mark.parametrize("between", ["", "x ", "x y ", "x y z "])
def test_every_rule_of_vader_counts_wherever_it_stands(rule: str, between: str) -> None:
    for text in (f"a b {rule} {between}good", f"good {between}{rule}", f"we {rule} {between}BAD but good"):
        assert compound(text) == as_vader_says(text)


def test_no_emoji_is_plain_ascii_so_that_ascii_texts_have_none() -> None:
    assert not any(emoji.isascii() for emoji in analyzer().emojis if len(emoji) == 1)


def test_emojis_beyond_the_most_are_left_out() -> None:
    assert limit_emojis("a" + "😭" * (MAX_EMOJIS + 5)) == "a" + "😭" * MAX_EMOJIS
