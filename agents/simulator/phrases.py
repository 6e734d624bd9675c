"""Turns a band of frustration into words: picks templates, fills them, and writes them in the person's style."""

from collections.abc import Sequence
from random import Random

from agents.simulator.complaints import COMPLAINTS
from agents.simulator.facts import Facts, fill
from agents.simulator.personas import Style
from agents.simulator.remarks import CALM_BUT_DARK, FOLLOW_UPS, GREETINGS, LAST_WORDS, LEADS, POLITE_BUT_ANGRY, REMARKS
from agents.simulator.replies import BOT_REPLIES, GOODBYES, REPLIES

BAND_FROM = (0.2, 0.36, 0.5, 0.72)  # lower bounds of bands 1 to 4, of the frustration that shows
OFF_BAND = 0.1
OUT_OF_TUNE = 0.08
LONGER = (0.2, 0.25, 0.35, 0.65, 0.8)  # probability of a second sentence in a message, by band
POSTURES = {
    "information": (0.34, 0.22),
    "question": (0.26, 0.14),
    "promise": (0.16, 0.16),
    "apology": (0.1, 0.22),
    "reassurance": (0.09, 0.08),
    "refusal": (0.05, 0.18),
}


def draw_band(rng: Random, frustration: float, style: Style) -> int:
    """How strongly a turn shows frustration, 0 to 4: not the truth but what this person shows."""
    shown = frustration * style.expressive + style.blunt + rng.gauss(0.0, style.noisy)
    level = sum(shown >= start for start in BAND_FROM)
    if rng.random() < OFF_BAND:
        level += rng.choice((-2, -1, 1))
    return min(max(level, 0), 4)


class Phrasebook:
    """A person's words in one conversation; a template repeats only after all others were used."""

    def __init__(self, rng: Random, known: Facts) -> None:
        self._rng, self._known = rng, known
        self._used: set[str] = set()

    def _pick(self, words: Sequence[str]) -> str:
        chosen = self._rng.choice([template for template in words if template not in self._used] or words)
        self._used.add(chosen)
        return chosen

    def _perhaps(self, probability: float, words: Sequence[str]) -> str:
        return self._pick(words) if self._rng.random() < probability else ""


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
        """A message in the middle; longer when angrier."""
        out_of_tune = POLITE_BUT_ANGRY if level >= 3 else CALM_BUT_DARK
        complaints, remarks = self._complaints[level], REMARKS[level]
        words = self._rng.choices((out_of_tune, complaints, remarks), (OUT_OF_TUNE, 0.4, 0.5))[0]
        start = join((self._perhaps(0.4, LEADS[level]), self._pick(words)), ", ")
        more = self._perhaps(LONGER[level], complaints if words is remarks else remarks)
        return self._written([start, more, self._perhaps(0.35, FOLLOW_UPS[level])], level)

    def last(self, level: int) -> str:
        """The last message."""
        return self._written([join((self._perhaps(0.5, LEADS[level]), self._pick(LAST_WORDS[level])), ", ")], level)

    def _written(self, parts: Sequence[str], level: int) -> str:
        """The text in this person's style."""
        rng, style = self._rng, self._style
        text = fill(rng, join(parts, rng.choice((". ", ", ", "... ", ". "))), self._known)
        text = text.lower() if style.lower and level < 4 else text[0].upper() + text[1:]
        if rng.random() < style.typos:
            text = add_typo(rng, text)
        if level == 4 and rng.random() < style.shouts:
            text = add_shouting(rng, text)
        return text


class Operator(Phrasebook):
    """An operator who replies."""

    def reply(self, frustration: float) -> str:
        """A reply; frustrated customers get more apologies and refusals."""
        chances = [calm + (angry - calm) * frustration for calm, angry in POSTURES.values()]
        chosen = self._rng.choices(list(POSTURES), chances, k=2 if self._rng.random() < 0.3 else 1)
        return self._filled(join([self._pick(REPLIES[kind]) for kind in dict.fromkeys(chosen)], " "))

    def bot_reply(self) -> str:
        """A reply of the virtual assistant."""
        return self._filled(self._pick(BOT_REPLIES))

    def goodbye(self) -> str:
        """The last reply."""
        return self._filled(self._pick(GOODBYES))

    def _filled(self, text: str) -> str:
        return fill(self._rng, text, self._known)


def join(parts: Sequence[str], between: str) -> str:
    """The parts that are not empty, joined."""
    return between.join(part for part in parts if part)


def add_typo(rng: Random, text: str) -> str:
    """Swap two neighbouring characters."""
    at = rng.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def add_shouting(rng: Random, text: str) -> str:
    """Some words in capitals, and exclamation marks at the end."""
    words = text.split(" ")
    start = rng.randrange(len(words))
    stop = start + rng.randint(1, 4)
    loud = map(str.upper, words[start:stop])
    return " ".join([*words[:start], *loud, *words[stop:]]) + rng.choice(("!", "!!", "!!!"))
