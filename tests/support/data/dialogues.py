"""Conversations as the text model reads them, written or drawn at random."""

from array import array
from collections.abc import Iterable
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st

from streams.signals import cues, text
from streams.signals.extraction import Signal
from streams.text_model import weights
from streams.text_model.learner import Label, Turn
from streams.text_model.model import Forecast, Reading, SummedDialogue, TextModel
from streams.text_model.weights import HALVES, LENGTH, Weights
from tests.support.data.builders import answer, log, message

# Terms of a small vocabulary, so that turns repeat each other, and any others.
HASHES = st.integers(0, 30) | st.integers(0, 2**24 - 1)
TERMS = st.lists(HASHES, max_size=60, unique=True)
KNOWN = st.floats(-8, 8) | st.sampled_from([0.0, 1.0, 2.0, 100.0])
NUMBERS = st.dictionaries(st.sampled_from(text.FEATURES), st.none() | KNOWN)


@st.composite
def signals(draw: st.DrawFn) -> Signal:
    """A message, more often of a customer than of an operator; some have no text features."""
    role = draw(st.sampled_from(["customer", "customer", "operator", "bot"]))
    names = list(cues.CUSTOMER_CUES if role == "customer" else cues.OPERATOR_CUES)
    unread = draw(st.integers(0, 4)) == 0
    return {
        "participant_role": role,
        "terms": [] if unread else draw(TERMS),
        "cues": [] if unread else draw(st.lists(st.sampled_from(names), unique=True)),
        "features": dict.fromkeys(text.FEATURES) if unread else draw(NUMBERS),
    }


CONVERSATIONS = st.lists(signals(), max_size=14)


def said(*words: str) -> list[Signal]:
    """Signals of what customer and operator said in turn, the customer first."""
    speakers = (message, answer)
    return log(*(speakers[number % 2](one, 30.0 * number) for number, one in enumerate(words)))


@cache
def random_weights(seed: int) -> Weights:
    """Weights drawn at random."""
    rng = Random(seed)
    heads = (array("f", HALVES.unpack(HALVES.pack(*(rng.gauss(0.0, 1.0) for _ in range(LENGTH))))) for _ in range(3))
    now, next_, rise = heads
    return Weights(now, next_, rise, weights.compute_version(now, next_, rise))


def forecast(model: TextModel, remembered: SummedDialogue) -> Forecast:
    return model.forecast(remembered, model.context(remembered))


def read(
    model: TextModel, remembered: SummedDialogue, terms: list[int], cues: list[str], numbers: dict[str, Any]
) -> Reading:
    return model.read_turn(remembered, model.context(remembered), terms, cues, numbers)


def labelled(turns: Iterable[tuple[Any, Turn]], *labels: bool | None) -> list[tuple[Turn, Label]]:
    """Training examples of turns; None leaves a turn out."""
    pairs = zip(turns, labels, strict=True)
    return [(turn, Label(truth, rose=None)) for (_, turn), truth in pairs if truth is not None]
