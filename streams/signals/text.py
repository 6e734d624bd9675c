"""Text: what a message's words say.

Features:
    text.sentiment   VADER compound score, -1 (negative) to 1 (positive); Hutto & Gilbert 2014.
    text.words       number of words.
    text.capitals    share of words of three letters or more written in capitals, 0 to 1, when not all are.
    text.marks       number of ! and ? beyond the first.

Cues of a customer's turn are patterns below, named ``text.*``; of an operator's or bot's, ``operator.*``.
Reliability: SignalConfig.text_sd. English only; other languages are null with the reason ``language``.
"""

import re
from collections.abc import Mapping
from functools import cache
from itertools import count, islice

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from streams.belief import Observation
from streams.signals import Extract, unknown

FEATURES = ("text.sentiment", "text.words", "text.capitals", "text.marks")
MAX_CHARACTERS = 4000
MAX_EMOJIS = 100
# Politeness is no news. Quiet support turns average .4; reading from there costs .06 of AUC on real support talk,
# because a conversation's many neutral turns then add up.
USUAL_SENTIMENT = 0.1
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
LATIN = re.compile(r"[A-Za-z]")
MARKS = re.compile(r"[!?]")

CUSTOMER_CUES = {
    "text.asks_human": r"\b(?:(?:speak|talk|transfer|connect|put) (?:me )?(?:to|with|through)|real|actual|live) "
    r"(?:an? |some|the )?(?:human|person|agent|manager|supervisor|someone|one|representative|somebody)",
    "text.blame": r"\byou(?:r| guys| people)? (?:\w+ )?(?:never|always|keep|failed|lied|messed|broke|promised|ruined)\b"
    r"|\byour (?:fault|mistake|incompetence)\b",
    "text.defensive": r"\bi (?:already|did|have already) (?:\w+ )?(?:said|told|did|tried|explained|sent|given|gave)\b"
    r"|\bas i said\b|\blike i said\b",
    "text.repeats": r"\b(?:again|(?:second|third|fourth|fifth|\d+(?:th|rd|nd)) time|how many times"
    r"|still (?:not|no|the same|waiting|doesn't|isn't|won't|can't|broken)|keeps? (?:on )?happening)\b",
    "text.unresolved": r"\b(?:doesn't|does not|didn't|did not|won't|isn't|not|never) (?:help|helping|work|working"
    r"|worked|fixed|resolved|arrive|arrived|solve|solved)\b|\bno(?:body| one) (?:helps|answers|replies|cares)\b",
    "text.waiting": r"\b(?:been|still) (?:waiting|on hold)\b|\bhow (?:much )?longer?\b"
    r"|\bfor (?:hours|days|weeks|ages)\b",
    "text.leaving": r"\b(?:money back|complain(?:t|ing)?|lawyer|sue|bad review|competitor|switch(?:ing)? to"
    r"|(?:close|cancel) (?:my|this|the) (?:account|contract|subscription)|never (?:again|buying|using|ordering))\b",
    "text.profanity": r"\b(?:damn|hell|crap|shit\w*|fuck\w*|wtf|bullshit|bloody|pissed|sucks?|ass)\b",
    "text.severity": r"\b(?:ridiculous|unacceptable|terrible|horrible|awful|worst|useless|pathetic|joke|disgusting"
    r"|disappoint\w*|frustrat\w*|annoy\w*|angry|furious|fed up|sick of|nightmare|outrageous|appalling)\b",
    "text.gratitude": r"\b(?:thanks?|thank you|thx|appreciate|great|perfect|awesome|lovely|brilliant)\b",
    "text.relief": r"\b(?:that (?:works?|helps?|worked|helped|did it)|it works|sorted|makes sense|got it|no problem)\b",
}
OPERATOR_CUES = {
    "operator.apology": r"\b(?:sorry|apolog\w+|regret)\b",
    "operator.refusal": r"\b(?:can(?:'t|not)|unable|not (?:able|possible|allowed)|unfortunately|policy)\b",
    "operator.promise": r"\b(?:i will|i'll|we will|we'll)\b",
    "operator.question": r"\?",
    "operator.reassurance": r"\b(?:don't worry|rest assured|is safe|no risk|you are covered|is secure)\b",
}
# How far each cue moves the reading. No effect sizes are published: these are ours, and the ablation decides.
WEIGHTS = {
    "text.asks_human": 0.3,
    "text.blame": 0.3,
    "text.defensive": 0.25,
    "text.repeats": 0.2,
    "text.unresolved": 0.25,
    "text.waiting": 0.2,
    "text.leaving": 0.2,
    "text.profanity": 0.35,
    "text.severity": 0.35,
    "text.gratitude": -0.25,
    "text.relief": -0.3,
}
SENTIMENT_WEIGHT = 0.35
CAPITALS_WEIGHT = 0.4
MARKS_WEIGHT = 0.06


def compiled(cues: Mapping[str, str]) -> list[tuple[str, re.Pattern[str]]]:
    return [(name, re.compile(pattern, re.IGNORECASE)) for name, pattern in cues.items()]


CUSTOMER_PATTERNS = compiled(CUSTOMER_CUES)
OPERATOR_PATTERNS = compiled(OPERATOR_CUES)


@cache
def analyzer() -> SentimentIntensityAnalyzer:
    """VADER with its lexicon; loaded once, it keeps no state."""
    return SentimentIntensityAnalyzer()


def extract(text: str | None, language: str | None, role: str) -> Extract:
    """Read a message.

    Args:
        text: the words; None when unseen.
        language: BCP 47 tag; None when unknown.
        role: customer, operator or bot.
    """
    reason = unreadable(text, language)
    if reason is not None or text is None:
        return unknown(reason or "no_text", *FEATURES)
    readable = text[:MAX_CHARACTERS].replace("’", "'")
    if role != "customer":
        return Extract({"text.words": float(count_words(readable))}, found(OPERATOR_PATTERNS, readable), {})
    return Extract(measure(readable), found(CUSTOMER_PATTERNS, readable), {})


def unreadable(text: str | None, language: str | None) -> str | None:
    """Why a text cannot be read, or None when it can."""
    if text is None:
        return "no_text"
    if language is not None and language.split("-")[0].lower() != "en":
        return "language"
    letters = [c for c in islice(text, MAX_CHARACTERS) if c.isalpha()]
    if not letters:
        return "no_words"
    if sum(c.isascii() for c in letters) < len(letters) / 2:
        return "language"
    return None


def measure(text: str) -> dict[str, float | None]:
    return {
        "text.sentiment": float(analyzer().polarity_scores(few_emojis(text))["compound"]),
        "text.words": float(count_words(text)),
        "text.capitals": capitals(text),
        "text.marks": float(max(0, len(MARKS.findall(text)) - 1)),
    }


def few_emojis(text: str) -> str:
    """The text without emojis beyond ``MAX_EMOJIS``: VADER spells each out, and its time is quadratic in words."""
    if text.isascii():
        return text
    emojis, number = analyzer().emojis, count(1)
    return "".join(c for c in text if c not in emojis or next(number) <= MAX_EMOJIS)


def count_words(text: str) -> int:
    return sum(1 for _ in WORD.finditer(text))


def capitals(text: str) -> float:
    """Share of longer words in capitals; 0 when all are, which says more of the keyboard than of the mood."""
    words = [word for word in WORD.findall(text) if len(word) >= 3]
    upper = sum(word.isupper() for word in words)
    return upper / len(words) if upper < len(words) else 0.0


def found(patterns: list[tuple[str, re.Pattern[str]]], text: str) -> list[str]:
    return [name for name, pattern in patterns if pattern.search(text)]


def observe(features: Mapping[str, float | None], cues: list[str], sd: float) -> Observation | None:
    """What a customer's message says; None when it could not be read."""
    sentiment = features.get("text.sentiment")
    if sentiment is None:
        return None
    parts = {"text.sentiment": SENTIMENT_WEIGHT * (USUAL_SENTIMENT - sentiment)}
    parts |= {name: WEIGHTS[name] for name in cues if name in WEIGHTS}
    parts["text.capitals"] = CAPITALS_WEIGHT * (features.get("text.capitals") or 0.0)
    parts["text.marks"] = MARKS_WEIGHT * min(features.get("text.marks") or 0.0, 5.0)
    value = min(max(sum(parts.values()), -1.0), 1.5)
    return Observation(value, sd, {name: part for name, part in parts.items() if part})
