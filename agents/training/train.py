"""Training: labelled files to the weights of a text model."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from agents.common.errors import Failure
from agents.common.files import read_bytes, write_bytes
from agents.training import dataset
from streams.text_model import weights
from streams.text_model.dialogue_state import BASE_RATE, Features
from streams.text_model.learner import RATE, Label, TextModelLearner, Turn
from streams.text_model.pretrained import load_weights
from streams.text_model.prior import expert_weights
from streams.text_model.weights import Weights, WeightsError

EPOCHS = 4
SEED = 0


class TrainingPlan(NamedTuple):
    """How to train.

    Attributes:
        prior: weights to start from; None for zero.
        epochs: passes over the examples.
        rate: AdaGrad's learning rate.
        base_rate: whether to learn the share of frustrated turns; not from files selected for their frustration.
    """

    prior: Weights | None
    epochs: int = EPOCHS
    rate: float = RATE
    base_rate: bool = True


NAMED_WEIGHTS: dict[str, Callable[[], Weights | None]] = {
    "shipped": load_weights,
    "expert": expert_weights,
    "none": lambda: None,
}

Examples = Sequence[tuple[Turn, Label]]


def train(files: Iterable[Path], out: Path, plan: TrainingPlan) -> int:
    """Train on every labelled turn of the files and write the weights; returns the number of turns.

    The same files in the same order give the same bytes. ``Failure`` when a file cannot be used or written.
    """
    examples = [
        example
        for file in files
        for conversation in dataset.read_conversations(file)
        for example in dataset.build_examples(conversation)
    ]
    if not examples:
        raise Failure("The files have no labelled customer turn.", "Label turns with frustrated: 0 or 1.")
    data = weights.pack(fit(examples, plan))
    write_bytes(out, data)
    return len(examples)


def fit(examples: Examples, plan: TrainingPlan) -> Weights:
    """Weights after all passes: the first in order, the others shuffled with a fixed seed."""
    learner, rng = TextModelLearner(plan.prior, plan.rate), Random(SEED)
    order = list(examples) if plan.base_rate else [(turn_without_base_rate(turn), label) for turn, label in examples]
    for _ in range(plan.epochs):
        learner.learn_all(order)
        rng.shuffle(order)
    return learner.weights()


def turn_without_base_rate(turn: Turn) -> Turn:
    """The turn without the features of the base rate, so that their weights stay unchanged."""
    read = None if turn.read is None else drop_base_rate(turn.read)
    return Turn(drop_base_rate(turn.before), read)


def drop_base_rate(features: Features) -> Features:
    return {place: value for place, value in features.items() if place not in BASE_RATE}


def resolve_weights(name: str) -> Weights | None:
    """Weights by name in ``NAMED_WEIGHTS``, else from a file."""
    load = NAMED_WEIGHTS.get(name)
    return load() if load else read_weights(Path(name))


def read_weights(path: Path) -> Weights:
    """Weights from a file. ``Failure`` when it holds no weights."""
    data = read_bytes(path)
    try:
        return weights.unpack(data)
    except WeightsError as error:
        raise Failure(f"{path}: {error}", "give a weights file, as tenor train writes it") from None
