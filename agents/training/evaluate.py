"""Evaluation: labelled conversations through the live path, a prediction for every labelled customer turn.

Modes:
    shipped    the weights as they are; no label is learned.
    online     a single pass: a conversation's labels are learned after the conversation.
    folds      every conversation is predicted by weights that have seen nothing of it; where a file has a split,
               the test part by weights learned from the training part.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from agents.common.errors import Failure
from agents.common.files import file_errors
from agents.training import dataset
from agents.training.dataset import Conversation, LabelledTurn
from agents.training.train import TrainingPlan, fitted
from streams.config.model import Config
from streams.conversations.fold import fold
from streams.state import State
from streams.text_model.learner import TextModelLearner
from streams.text_model.model import TextModel
from streams.text_model.weights import Weights, zero_weights

SEED = 0


Mode = Callable[[list[Conversation], Weights | None, Config], Iterator["Prediction"]]


class Prediction(NamedTuple):
    """What was said of one labelled customer turn, and what people say.

    Attributes:
        now, next, rise: probabilities, as in the trajectory point; None where nothing is said.
        level: of the belief after the turn.
        raised: whether frustration counted as raised after it.
    """

    conversation_id: str
    turn: LabelledTurn
    now: float | None
    next: float
    rise: float | None
    level: float
    raised: bool


def shipped(conversations: list[Conversation], prior: Weights | None, config: Config) -> Iterator[Prediction]:
    """Predictions of weights as they are."""
    model = TextModel(prior or zero_weights())
    return (one for conversation in conversations for one in predicted(conversation, model, config))


def online(conversations: list[Conversation], prior: Weights | None, config: Config) -> Iterator[Prediction]:
    """Predictions of a single pass, in the order of the file."""
    learner = TextModelLearner(prior)
    for conversation in conversations:
        yield from predicted(conversation, TextModel(learner.weights()), config)
        learner.learn_all(dataset.lessons(conversation))


def folds(
    conversations: list[Conversation], prior: Weights | None, config: Config, number: int = 10
) -> Iterator[Prediction]:
    """Predictions by weights that have seen nothing of the conversation."""
    lessons = {one.id: list(dataset.lessons(one)) for one in conversations}
    for held_out in parts(conversations, number):
        names = {one.id for one in held_out}
        rest = [lesson for name, found in lessons.items() if name not in names for lesson in found]
        model = TextModel(fitted(rest, TrainingPlan(prior)))
        yield from (one for conversation in held_out for one in predicted(conversation, model, config))


def run(
    conversations: list[Conversation], mode: str, prior: Weights | None, config: Config, number: int = 10
) -> list[Prediction]:
    """Predictions in the order of the file. ``Failure`` for a file without labels."""
    modes: dict[str, Mode] = {"shipped": shipped, "online": online, "folds": partial(folds, number=number)}
    place = {one.id: index for index, one in enumerate(conversations)}
    predictions = sorted(modes[mode](conversations, prior, config), key=lambda one: place[one.conversation_id])
    if not predictions:
        raise Failure("The file has no labelled customer turn.", "Label turns with frustrated: 0 or 1.")
    return predictions


def parts(conversations: list[Conversation], number: int) -> list[list[Conversation]]:
    """What is held out together: the test split where there is one, else ``number`` folds by conversation."""
    test = [one for one in conversations if one.is_test]
    if len(test) < len(conversations):
        return [test]
    order = list(range(len(test)))
    Random(SEED).shuffle(order)
    return [[test[index] for index in sorted(order[first::number])] for first in range(min(number, len(test)))]


def predicted(conversation: Conversation, model: TextModel, config: Config) -> Iterator[Prediction]:
    """One conversation folded; its labelled turns with what the trajectory said of them."""
    points = trajectory(conversation, model, config)
    for turn, point in zip(conversation.turns, points, strict=True):
        if turn.frustrated is not None:
            said = (point[name] for name in ("p_now", "p_next", "p_rise", "level", "raised"))
            yield Prediction(conversation.id, turn, *said)


def trajectory(conversation: Conversation, model: TextModel, config: Config) -> list[dict[str, Any]]:
    """The trajectory points of a conversation, by the fold the workers run."""
    state: State | None = None
    found = []
    for signal in conversation.signals:
        state, outputs = fold(state, signal, config, model)
        found += [output.datum for output in outputs if output.record == "trajectory_point"]
    return found


def write(path: Path, predictions: Iterable[Prediction]) -> None:
    """Write predictions, one JSON object a line. ``Failure`` when the file cannot be written."""
    with file_errors(path, "written"), path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(as_json(prediction), ensure_ascii=False) + "\n" for prediction in predictions)


def as_json(prediction: Prediction) -> dict[str, Any]:
    """A prediction as the yardstick reads it: ``now`` is absent where the turn was unseen, ``rise`` where unknown."""
    named = {"conversation_id": prediction.conversation_id, "turn": prediction.turn.number}
    said = {"now": now_of(prediction), "next": prediction.next, "rise": prediction.rise}
    return named | {name: value for name, value in said.items() if value is not None}


def now_of(prediction: Prediction) -> float | None:
    """A turn that was seen and could not be read tells nothing new: what was expected of it stands."""
    if not prediction.turn.seen:
        return None
    return prediction.next if prediction.now is None else prediction.now
