"""What is known before any label: the weights a model begins with.

Round numbers, not fitted: more negative, more displeased and more distressed words, negations and cues of trouble mean
frustration; gratitude and relief the opposite; a conversation so far counts a fifth of the turn itself. They rank
turns of support talk nobody trained on (see the model card), and learning starts from them.
"""

from functools import cache

from streams.text_model.dialogue_state import BIN_WEIGHT, HANDED_ON, named
from streams.text_model.weights import PLACES, Weights, of

BIAS = -1.0
NUMBERS = {"sentiment": -1.0, "displeasure": 0.8, "distress": 0.4, "negations": 0.3, "second_person": 0.0}
CUES = {
    "text.asks_human": 1.2,
    "text.blame": 1.2,
    "text.defensive": 1.0,
    "text.repeats": 0.8,
    "text.unresolved": 1.0,
    "text.waiting": 0.8,
    "text.leaving": 0.8,
    "text.profanity": 1.4,
    "text.severity": 1.4,
    "text.gratitude": -1.0,
    "text.relief": -1.2,
}
SO_FAR = 0.2


@cache
def expert() -> Weights:
    """The weights; ``rise`` knows nothing."""
    before = {PLACES[f"so_far.{name}"]: SO_FAR * value for name, value in scaled().items()}
    before |= {named(f"previous.{cue}"): SO_FAR * value / BIN_WEIGHT for cue, value in CUES.items()}
    before[PLACES["bias"]] = BIAS
    now = {PLACES[f"text.{name}"]: value for name, value in scaled().items()}
    now |= {named(cue): value / BIN_WEIGHT for cue, value in CUES.items()}
    return of({"now": before | now, "next": before})


def scaled() -> dict[str, float]:
    """Weights of numbers as the model sees them, scaled."""
    return {name: value / HANDED_ON[name] for name, value in NUMBERS.items()}
