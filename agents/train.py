"""Training: labelled files to the weights of a text model."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

from agents import labelled
from agents.errors import Failure
from streams.text_model import weights
from streams.text_model.learner import RATE, Label, Learner, Turn
from streams.text_model.shipped import shipped
from streams.text_model.weights import Weights, WeightsError

EPOCHS = 4
SEED = 0
NOTHING = "none"

Lessons = Sequence[tuple[Turn, Label]]


def train(files: Iterable[Path], out: Path, prior: Weights | None, epochs: int = EPOCHS, rate: float = RATE) -> int:
    """Learn every labelled turn of the files and write the weights; the number of turns.

    The same files in the same order give the same bytes. ``Failure`` when a file cannot be used or written.
    """
    lessons = [one for file in files for conversation in labelled.read(file) for one in labelled.lessons(conversation)]
    if not lessons:
        raise Failure("these files hold no labelled customer turn", "a label is frustrated: 0 or 1")
    data = weights.pack(fitted(lessons, prior, epochs, rate))
    try:
        out.write_bytes(data)
    except OSError as error:
        raise Failure(f"{out} cannot be written: {error.strerror}") from None
    return len(lessons)


def fitted(lessons: Lessons, prior: Weights | None, epochs: int = EPOCHS, rate: float = RATE) -> Weights:
    """Weights after ``epochs`` passes: the first in order, the others shuffled with a fixed seed."""
    learner, rng = Learner(prior, rate), Random(SEED)
    order = list(lessons)
    for _ in range(epochs):
        learner.learn_all(order)
        rng.shuffle(order)
    return learner.weights()


def named(name: str | None) -> Weights | None:
    """Weights by what the command line says: unset for the shipped ones, ``none`` for none, else a file."""
    if name is None:
        return shipped()
    return None if name == NOTHING else read(Path(name))


def read(path: Path) -> Weights:
    """Weights from a file. ``Failure`` when it holds something else."""
    try:
        return weights.unpack(path.read_bytes())
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}") from None
    except WeightsError as error:
        raise Failure(f"{path}: {error}", "tenor train writes such files") from None
