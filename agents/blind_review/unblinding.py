"""What gives an arm away in a reply's own words: guidance or prompt quoted, an option's name, a decision's id. Pure.

Such a reply is left out rather than blackened: the bar would tell.
"""

import re
from collections.abc import Callable, Iterable

from agents.blind_review.replies import Decision
from streams.interventions.options import InterventionOption

LEAST_WORDS = 5  # a shorter sentence of the guidance may stand in any reply
WORD = re.compile(r"\w+(?:[-'’.:]\w+)*")
SENTENCE_END = re.compile(r"(?<=[.!?;:])\s+")


def telling(protocols: Iterable[InterventionOption]) -> Callable[[Decision, str], bool]:
    """Whether a reply to a decision quotes what only an intervention brings."""
    quoted = [phrase for protocol in protocols for phrase in phrases(protocol)]

    def tells(decision: Decision, reply: str) -> bool:
        said = f" {plain(reply)} "
        return decision.decision_id.casefold() in said or any(f" {phrase} " in said for phrase in quoted)

    return tells


def phrases(protocol: InterventionOption) -> list[str]:
    """An option's name, unless it is an everyday word, and the sentences of its texts."""
    names = [protocol.id] if re.search(r"[-_.:\d]", protocol.id) else []
    sentences = SENTENCE_END.split(f"{protocol.guidance}\n{protocol.prompt}")
    found = [plain(sentence) for sentence in sentences]
    # As written: "offer options" without the hyphen is everyday English.
    return [name.casefold() for name in names] + [one for one in found if len(one.split()) >= LEAST_WORDS]


def plain(text: str) -> str:
    """Words in lower case with single spaces between, and no punctuation but inside them."""
    return " ".join(WORD.findall(text.casefold()))
