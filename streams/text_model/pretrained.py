"""The lexicons and the initial weights that ship with Tenor. See docs/model-card.md."""

from array import array
from functools import cache
from pathlib import Path

from streams.text_model import lexicon, weights
from streams.text_model.weights import Weights

LEXICONS = Path(__file__).with_name("lexicons.msgpack")
WEIGHTS = Path(__file__).with_name("weights.bin")


@cache
def load_lexicons() -> "dict[str, array[float]]":
    """The lexicons by name, as ``displeasure``."""
    return lexicon.unpack(LEXICONS.read_bytes())


@cache
def load_weights() -> Weights:
    """The weights a new deployment starts with."""
    return weights.unpack(WEIGHTS.read_bytes())
