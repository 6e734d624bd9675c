"""Detects replies that reveal their arm: they quote guidance or a prompt, or name an option or a decision id. Pure.

Such a reply is left out, not redacted: a redaction would reveal the arm, too.
"""

import re
from collections.abc import Callable, Iterable

from agents.blind_review.replies import Decision
from streams.interventions.options import InterventionOption

MIN_WORDS = 5  # a shorter sentence of the guidance may appear in any reply
WORD = re.compile(r"\w+(?:[-'’.:]\w+)*")
SENTENCE_END = re.compile(r"(?<=[.!?;:])\s+")


def build_unblinding_check(protocols: Iterable[InterventionOption]) -> Callable[[Decision, str], bool]:
    """A function that tells whether a reply to a decision quotes text of an intervention."""
    quoted = [phrase for protocol in protocols for phrase in unblinding_phrases(protocol)]

    def unblinds(decision: Decision, reply: str) -> bool:
        words = f" {normalize(reply)} "
        return decision.decision_id.casefold() in words or any(f" {phrase} " in words for phrase in quoted)

    return unblinds


def unblinding_phrases(protocol: InterventionOption) -> list[str]:
    """An option's name, unless it is an everyday word, and the sentences of its texts."""
    names = [protocol.id] if re.search(r"[-_.:\d]", protocol.id) else []
    sentences = SENTENCE_END.split(f"{protocol.guidance}\n{protocol.prompt}")
    sentences_normalized = [normalize(sentence) for sentence in sentences]
    # As written: "offer options" without the hyphen is everyday English.
    return [name.casefold() for name in names] + [
        phrase for phrase in sentences_normalized if len(phrase.split()) >= MIN_WORDS
    ]


def normalize(text: str) -> str:
    """Lower-case words separated by single spaces, without punctuation between words."""
    return " ".join(WORD.findall(text.casefold()))
