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
    """How to learn.

    Attributes:
        prior: weights to begin from; None for zero.
        epochs: passes over the lessons.
        rate: AdaGrad's learning rate.
        base_rate: whether the share of frustrated turns is learned; not from files chosen for their frustration.
    """

    prior: Weights | None
    epochs: int = EPOCHS
    rate: float = RATE
    base_rate: bool = True


KNOWN: dict[str, Callable[[], Weights | None]] = {
    "shipped": load_weights,
    "expert": expert_weights,
    "none": lambda: None,
}

Lessons = Sequence[tuple[Turn, Label]]


def train(files: Iterable[Path], out: Path, plan: TrainingPlan) -> int:
    """Learn every labelled turn of the files and write the weights; the number of turns.

    The same files in the same order give the same bytes. ``Failure`` when a file cannot be used or written.
    """
    lessons = [one for file in files for conversation in dataset.read(file) for one in dataset.lessons(conversation)]
    if not lessons:
        raise Failure("The files have no labelled customer turn.", "Label turns with frustrated: 0 or 1.")
    data = weights.pack(fitted(lessons, plan))
    write_bytes(out, data)
    return len(lessons)


def fitted(lessons: Lessons, plan: TrainingPlan) -> Weights:
    """Weights after all passes: the first in order, the others shuffled with a fixed seed."""
    learner, rng = TextModelLearner(plan.prior, plan.rate), Random(SEED)
    order = list(lessons) if plan.base_rate else [(without_base_rate(turn), label) for turn, label in lessons]
    for _ in range(plan.epochs):
        learner.learn_all(order)
        rng.shuffle(order)
    return learner.weights()


def without_base_rate(turn: Turn) -> Turn:
    """The turn without what only says how often turns are frustrated: these weights stay as they were."""
    read = None if turn.read is None else kept(turn.read)
    return Turn(kept(turn.before), read)


def kept(features: Features) -> Features:
    return {place: value for place, value in features.items() if place not in BASE_RATE}


def named(name: str) -> Weights | None:
    """Weights by what the command line says: a name in ``KNOWN``, else a file."""
    known = KNOWN.get(name)
    return known() if known else read(Path(name))


def read(path: Path) -> Weights:
    """Weights from a file. ``Failure`` when it holds something else."""
    data = read_bytes(path)
    try:
        return weights.unpack(data)
    except WeightsError as error:
        raise Failure(f"{path}: {error}", "give a weights file, as tenor train writes it") from None
