"""What the project ships: learned lexicons and weights to begin with. See docs/model-card.md."""

from array import array
from functools import cache
from pathlib import Path

from streams.text_model import lexicon, weights
from streams.text_model.weights import Weights

LEXICONS = Path(__file__).with_name("lexicons.msgpack")
WEIGHTS = Path(__file__).with_name("weights.bin")


@cache
def lexicons() -> "dict[str, array[float]]":
    """The lexicons by name, as ``displeasure``."""
    return lexicon.unpack(LEXICONS.read_bytes())


@cache
def shipped() -> Weights:
    """The weights a new deployment begins with."""
    return weights.unpack(WEIGHTS.read_bytes())
