"""From a band of frustration to words: picks templates, fills them in, and writes them the person's way."""

from collections.abc import Sequence
from random import Random

from agents.simulator.complaints import COMPLAINTS
from agents.simulator.facts import Facts, filled
from agents.simulator.personas import Style
from agents.simulator.remarks import CALM_BUT_DARK, FOLLOW_UPS, GREETINGS, LAST_WORDS, LEADS, POLITE_BUT_ANGRY, REMARKS
from agents.simulator.replies import BOT_REPLIES, GOODBYES, REPLIES

BAND_FROM = (0.2, 0.36, 0.5, 0.72)  # what shows, 0 to 1, from which bands 1 to 4 begin
OFF_BAND = 0.1
OUT_OF_TUNE = 0.08
LONGER = (0.2, 0.25, 0.35, 0.65, 0.8)  # chance of a second thing in a message, by band
POSTURES = {
    "information": (0.34, 0.22),
    "question": (0.26, 0.14),
    "promise": (0.16, 0.16),
    "apology": (0.1, 0.22),
    "reassurance": (0.09, 0.08),
    "refusal": (0.05, 0.18),
}


def band(rng: Random, frustration: float, style: Style) -> int:
    """How strongly a turn shows it, 0 to 4: not the truth but what this person lets through."""
    shown = frustration * style.expressive + style.blunt + rng.gauss(0.0, style.noisy)
    level = sum(shown >= start for start in BAND_FROM)
    if rng.random() < OFF_BAND:
        level += rng.choice((-2, -1, 1))
    return min(max(level, 0), 4)


class Phrasebook:
    """Somebody's words in one conversation; a template comes again only when all others were said."""

    def __init__(self, rng: Random, known: Facts) -> None:
        self._rng, self._known = rng, known
        self._said: set[str] = set()

    def _pick(self, words: Sequence[str]) -> str:
        chosen = self._rng.choice([one for one in words if one not in self._said] or words)
        self._said.add(chosen)
        return chosen

    def _perhaps(self, chance: float, words: Sequence[str]) -> str:
        return self._pick(words) if self._rng.random() < chance else ""


class Customer(Phrasebook):
    """A customer with a problem."""

    def __init__(self, rng: Random, known: Facts, topic: str, style: Style) -> None:
        super().__init__(rng, known)
        self._complaints, self._style = COMPLAINTS[topic], style

    def opening(self, level: int) -> str:
        """The first message."""
        start = join((self._pick(GREETINGS[level]), self._pick(self._complaints[level])), ", ")
        more = self._perhaps(LONGER[level], REMARKS[level])
        return self._written([start, more, self._perhaps(0.5, FOLLOW_UPS[level])], level)

    def turn(self, level: int) -> str:
        """A message in the middle. The angrier, the longer."""
        out_of_tune = POLITE_BUT_ANGRY if level >= 3 else CALM_BUT_DARK
        complaints, remarks = self._complaints[level], REMARKS[level]
        words = self._rng.choices((out_of_tune, complaints, remarks), (OUT_OF_TUNE, 0.4, 0.5))[0]
        start = join((self._perhaps(0.4, LEADS[level]), self._pick(words)), ", ")
        more = self._perhaps(LONGER[level], complaints if words is remarks else remarks)
        return self._written([start, more, self._perhaps(0.35, FOLLOW_UPS[level])], level)

    def last(self, level: int) -> str:
        """The last words."""
        return self._written([join((self._perhaps(0.5, LEADS[level]), self._pick(LAST_WORDS[level])), ", ")], level)

    def _written(self, parts: Sequence[str], level: int) -> str:
        """The text as this person types it."""
        rng, style = self._rng, self._style
        text = filled(rng, join(parts, rng.choice((". ", ", ", "... ", ". "))), self._known)
        text = text.lower() if style.lower and level < 4 else text[0].upper() + text[1:]
        if rng.random() < style.typos:
            text = slipped(rng, text)
        if level == 4 and rng.random() < style.shouts:
            text = shouted(rng, text)
        return text


class Operator(Phrasebook):
    """The one who answers."""

    def reply(self, frustration: float) -> str:
        """An answer; frustrated customers hear more apologies and refusals."""
        chances = [calm + (angry - calm) * frustration for calm, angry in POSTURES.values()]
        chosen = self._rng.choices(list(POSTURES), chances, k=2 if self._rng.random() < 0.3 else 1)
        return self._filled(join([self._pick(REPLIES[kind]) for kind in dict.fromkeys(chosen)], " "))

    def bot_reply(self) -> str:
        """An answer of the virtual assistant."""
        return self._filled(self._pick(BOT_REPLIES))

    def goodbye(self) -> str:
        """The last answer."""
        return self._filled(self._pick(GOODBYES))

    def _filled(self, text: str) -> str:
        return filled(self._rng, text, self._known)


def join(parts: Sequence[str], between: str) -> str:
    """The parts that are not empty."""
    return between.join(part for part in parts if part)


def slipped(rng: Random, text: str) -> str:
    """Two neighbouring characters in the wrong order."""
    at = rng.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def shouted(rng: Random, text: str) -> str:
    """A stretch of words in capitals, and marks at the end."""
    words = text.split(" ")
    start = rng.randrange(len(words))
    stop = start + rng.randint(1, 4)
    loud = map(str.upper, words[start:stop])
    return " ".join([*words[:start], *loud, *words[stop:]]) + rng.choice(("!", "!!", "!!!"))
