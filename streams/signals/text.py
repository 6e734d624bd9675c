"""Text features of a message, measured where the words can still be seen.

Features:
    text.sentiment       VADER compound score, -1 (negative) to 1 (positive); Hutto & Gilbert 2014.
    text.displeasure     learned lexicon: how displeased texts with these words are rated (see the model card).
    text.distress        learned lexicon: log odds of anger, disgust, fear or sadness, around 0.
    text.words           number of words, numbers and marks.
    text.second_person   share of these that are forms of "you", 0 to 1.
    text.passive         number of passive constructions.
    text.negations       number of negations.
    text.capitals        share of words of three letters or more written in capitals, 0 to 1, when not all are.
    text.questions, text.exclamations   number of ? and !.

Of an operator's or bot's message only what the text model reads of it is measured, and how it is worded (``wording``).

Terms are hashed words and pairs of words for the text model; no text is kept.
Passive voice is carried in the log and not weighed. Cues: ``cues``.
English only; other languages are null with the reason ``language``.
"""

import html
import re
from math import log

from streams.belief.estimator import Observation
from streams.signals import Extract, cues, reply_style, unknown
from streams.signals.language import MAX_CHARACTERS, find_unreadable_reason
from streams.signals.sentiment import compound
from streams.text_model import lexicon
from streams.text_model.hashing import hash_terms, tokenize
from streams.text_model.model import Reading
from streams.text_model.pretrained import load_lexicons

FEATURES = (
    *("text.sentiment", "text.displeasure", "text.distress", "text.words", "text.second_person", "text.passive"),
    *("text.negations", "text.capitals", "text.questions", "text.exclamations"),
)
# Of a message of operator or bot: what the text model reads of it, and how it is worded.
REPLY_FEATURES = ("text.sentiment", "text.words", "text.capitals", "text.questions", "text.exclamations")
ANSWER_FEATURES = (*REPLY_FEATURES, *reply_style.FEATURES)
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
SHOUTED = re.compile(r"[A-Z]'?[A-Z]")
TAG = re.compile(r"</?[a-zA-Z!][^<>]{0,200}>")
YOU = frozenset(("you", "your", "you're", "yours", "yourself", "u", "ur"))
PASSIVE = re.compile(rf"\b{reply_style.PASSIVE}\b")
NEGATION = re.compile(r"\b(?:not|no|never|nothing|nobody|none|nor|neither|without|\w+n't)\b")


def extract(text: str | None, language: str | None, role: str) -> Extract:
    """Read a message.

    Args:
        text: the words; None when unseen.
        language: BCP 47 tag; None when unknown.
        role: customer, operator or bot.
    """
    features = feature_names(role)
    reason = find_unreadable_reason(text, language)
    if reason is not None or text is None:
        return unknown(reason or "no_text", *features)
    readable = clean_text(text)
    tokens = tokenize(readable)
    terms = hash_terms(tokens)
    if not terms:
        return unknown("no_words", *features)
    if role == "customer":
        return extract_customer(readable, tokens, terms)
    numbers = measure_form(readable, tokens) | reply_style.measure(tokens)
    return Extract(numbers, cues.find_operator_cues(readable.lower()), {}, terms)


def feature_names(role: str) -> tuple[str, ...]:
    """Names of the features measured in a message."""
    return FEATURES if role == "customer" else ANSWER_FEATURES


def extract_customer(readable: str, tokens: list[str], terms: list[int]) -> Extract:
    lower = readable.lower()
    numbers = measure_form(readable, tokens) | measure_attitude(lower, tokens) | score_lexicons(terms)
    return Extract(numbers, cues.find_customer_cues(lower, tokens), {}, terms)


def clean_text(text: str) -> str:
    """The text without markup, with plain apostrophes, cut to ``MAX_CHARACTERS``."""
    cut = text[:MAX_CHARACTERS]
    if "&" in cut or "<" in cut:
        cut = html.unescape(TAG.sub(" ", cut))
    return cut.replace("’", "'")


def measure_form(text: str, tokens: list[str]) -> dict[str, float | None]:
    """Features of any message."""
    return {
        "text.sentiment": compound(text),
        "text.words": float(len(tokens)),
        "text.capitals": capitals_share(text),
        "text.questions": float(text.count("?")),
        "text.exclamations": float(text.count("!")),
    }


def measure_attitude(lower: str, tokens: list[str]) -> dict[str, float | None]:
    """Features of a customer's message only; ``lower`` is its text in lower case."""
    return {
        "text.second_person": sum(map(YOU.__contains__, tokens)) / max(len(tokens), 5),
        "text.passive": float(len(PASSIVE.findall(lower))),
        "text.negations": float(len(NEGATION.findall(lower))),
    }


def score_lexicons(terms: list[int]) -> dict[str, float | None]:
    """Scores of the shipped lexicons."""
    return {f"text.{name}": score for name, score in lexicon.scores(load_lexicons(), terms).items()}


def capitals_share(text: str) -> float:
    """Share of longer words in capitals; 0 when all are, which says more about the keyboard than the mood."""
    if text.isascii() and not SHOUTED.search(text):
        return 0.0  # as most texts: no word needs to be looked at
    words = [word for word in WORD.findall(text) if len(word) >= 3]
    upper = sum(map(str.isupper, words))
    return upper / len(words) if upper < len(words) else 0.0


def observe(reading: Reading, usual: float, sd: float) -> Observation:
    """Observation of a customer's message: how much more likely frustration is than usual.

    Parts share the difference of probabilities as they share the difference of log odds.

    Args:
        usual: probability of frustration in a turn like any other, above 0 and below 1.
    """
    parts = {**reading.parts, "dialogue": reading.parts.get("dialogue", 0.0) - log(usual / (1.0 - usual))}
    value, odds = reading.now - usual, sum(parts.values())
    slope = value / odds if odds else usual * (1.0 - usual)
    return Observation(value, sd, {name: slope * part for name, part in parts.items()})
