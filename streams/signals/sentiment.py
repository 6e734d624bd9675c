"""Sentiment: VADER's compound score (Hutto & Gilbert 2014), without the work that cannot change it.

VADER's own ``polarity_scores`` looks at every word as if it could have a valence, and lowers the whole text for each of
those that have one. But only words of its lexicon have one, and what is near changes it: three words before, two after.
So its own rules are asked for these words alone, with what is near them, and not at all where nothing near could change
a word. Same number, half the time.
"""

from functools import cache
from itertools import count
from math import copysign
from typing import NamedTuple

from vaderSentiment.vaderSentiment import (
    BOOSTER_DICT,
    C_INCR,
    NEGATE,
    SPECIAL_CASES,
    SentimentIntensityAnalyzer,
    SentiText,
    normalize,
)

MAX_EMOJIS = 100
BEFORE, AFTER = 3, 2


class TextSpan(NamedTuple):
    """A stretch of a text, as VADER's rules want to see a text."""

    words_and_emoticons: list[str]
    is_cap_diff: bool


@cache
def analyzer() -> SentimentIntensityAnalyzer:
    """VADER with its lexicon; loaded once, it keeps no state."""
    return SentimentIntensityAnalyzer()


@cache
def valence_words() -> frozenset[str]:
    """Words that can have a valence of their own."""
    return frozenset(analyzer().lexicon.keys() - BOOSTER_DICT.keys())


@cache
def modifier_words() -> frozenset[str]:
    """Words that can modify their neighbours, except those with ``n't``; for a phrase, its longest word."""
    phrases = [*BOOSTER_DICT, *SPECIAL_CASES, *NEGATE]
    return frozenset((*(max(phrase.split(), key=len) for phrase in phrases), "no", "least", "this"))


def compound(text: str) -> float:
    """VADER's compound score of a text: -1 (negative) to 1 (positive)."""
    if not text.isascii() and not analyzer().emojis.keys().isdisjoint(text):
        return float(analyzer().polarity_scores(limit_emojis(text))["compound"])
    whole = SentiText(text)
    lower, valent = [word.lower() for word in whole.words_and_emoticons], valence_words()
    places = [i for i, word in enumerate(lower) if word in valent and lower[i : i + 2] != ["kind", "of"]]
    return score_words(text, whole, lower, places) if places else 0.0


def score_words(text: str, whole: SentiText, lower: list[str], places: list[int]) -> float:
    """Score of a text whose words at these places have a valence."""
    valences = [0.0] * len(lower)
    for place in places:
        valences[place] = word_valence(whole, lower, place)
    if "but" in lower:
        valences = analyzer()._but_check(lower, valences)
    total = float(sum(valences))
    emphasis = analyzer()._punctuation_emphasis(text) if total else 0.0
    return float(round(normalize(total + copysign(emphasis, total)), 4))


def word_valence(whole: SentiText, lower: list[str], place: int) -> float:
    """Valence of a word in its context."""
    first, end = max(place - BEFORE, 0), place + AFTER + 1
    near = lower[first:end]
    if modifier_words().isdisjoint(near) and "n't" not in " ".join(near):
        return lexicon_valence(whole, lower[place], whole.words_and_emoticons[place])
    written = TextSpan(whole.words_and_emoticons[first:end], whole.is_cap_diff)
    score = analyzer().sentiment_valence(0, written, whole.words_and_emoticons[place], place - first, [])
    return float(score[0])


def lexicon_valence(whole: SentiText, word: str, written: str) -> float:
    """Valence of a word by itself; capitals strengthen it, unless the whole text is in capitals."""
    weight = float(analyzer().lexicon[word])
    if written.isupper() and whole.is_cap_diff:
        return weight + float(C_INCR if weight > 0 else -C_INCR)
    return weight


def limit_emojis(text: str) -> str:
    """The text without emojis beyond ``MAX_EMOJIS``: VADER spells each out, and its time is quadratic in words."""
    emojis, number = analyzer().emojis, count(1)
    return "".join(c for c in text if c not in emojis or next(number) <= MAX_EMOJIS)
