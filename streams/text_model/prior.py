"""The expert prior: the weights a model starts with, before any label.

The numbers are round, not fitted. Negative, displeased and distressed words, negations and cues of trouble mean
frustration; gratitude and relief mean the opposite; the conversation so far counts a fifth of the turn itself. They
rank turns of support dialogues that were not used for training (see the model card), and learning starts from them.
"""

from functools import cache

from streams.text_model.dialogue_state import BIN_WEIGHT, CARRIED_NUMBERS, place_of_name
from streams.text_model.weights import PLACES, Weights, from_heads

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
def expert_weights() -> Weights:
    """The expert weights; those of ``rise`` are zero."""
    before = {PLACES[f"so_far.{name}"]: SO_FAR * value for name, value in scale_numbers().items()}
    before |= {place_of_name(f"previous.{cue}"): SO_FAR * value / BIN_WEIGHT for cue, value in CUES.items()}
    before[PLACES["bias"]] = BIAS
    now = {PLACES[f"text.{name}"]: value for name, value in scale_numbers().items()}
    now |= {place_of_name(cue): value / BIN_WEIGHT for cue, value in CUES.items()}
    return from_heads({"now": before | now, "next": before})


def scale_numbers() -> dict[str, float]:
    """Weights of the numbers, scaled as the model sees them."""
    return {name: value / CARRIED_NUMBERS[name] for name, value in NUMBERS.items()}
