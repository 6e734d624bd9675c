"""Evaluation: folds labelled conversations as the worker does, and predicts every labelled customer turn.

Modes:
    shipped    the given weights; no label is learned.
    online     a single pass: a conversation's labels are learned after the conversation.
    folds      cross-validation: every conversation is predicted by weights that were not trained on it; where a file
               has a split, the test part by weights trained on the training part.
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
from agents.training.train import TrainingPlan, fit
from streams.config.model import Config
from streams.conversations.fold import fold
from streams.state import State
from streams.text_model.learner import TextModelLearner
from streams.text_model.model import TextModel
from streams.text_model.weights import Weights, zero_weights

SEED = 0


Mode = Callable[[list[Conversation], Weights | None, Config], Iterator["Prediction"]]


class Prediction(NamedTuple):
    """The prediction for one labelled customer turn.

    Attributes:
        now, next, rise: probabilities, as in the trajectory point; None without a prediction.
        level: frustration level after the turn.
        raised: whether the conversation was raised after it.
    """

    conversation_id: str
    turn: LabelledTurn
    now: float | None
    next: float
    rise: float | None
    level: float
    raised: bool


def predict_shipped(conversations: list[Conversation], prior: Weights | None, config: Config) -> Iterator[Prediction]:
    """Predictions of the given weights."""
    model = TextModel(prior or zero_weights())
    return (
        prediction for conversation in conversations for prediction in predict_conversation(conversation, model, config)
    )


def predict_online(conversations: list[Conversation], prior: Weights | None, config: Config) -> Iterator[Prediction]:
    """Predictions of a single pass, in the order of the file."""
    learner = TextModelLearner(prior)
    for conversation in conversations:
        yield from predict_conversation(conversation, TextModel(learner.weights()), config)
        learner.learn_all(dataset.build_examples(conversation))


def predict_folds(
    conversations: list[Conversation], prior: Weights | None, config: Config, number: int = 10
) -> Iterator[Prediction]:
    """Predictions by weights that were not trained on the conversation."""
    examples = {conversation.id: list(dataset.build_examples(conversation)) for conversation in conversations}
    for held_out in held_out_parts(conversations, number):
        training = examples.keys() - {conversation.id for conversation in held_out}
        rest = [example for name in examples if name in training for example in examples[name]]
        model = TextModel(fit(rest, TrainingPlan(prior)))
        for conversation in held_out:
            yield from predict_conversation(conversation, model, config)


def predict(
    conversations: list[Conversation], mode: str, prior: Weights | None, config: Config, number: int = 10
) -> list[Prediction]:
    """Predictions in the order of the file. ``Failure`` for a file without labels."""
    modes: dict[str, Mode] = {
        "shipped": predict_shipped,
        "online": predict_online,
        "folds": partial(predict_folds, number=number),
    }
    order = {conversation.id: index for index, conversation in enumerate(conversations)}
    predictions = sorted(modes[mode](conversations, prior, config), key=lambda each: order[each.conversation_id])
    if not predictions:
        raise Failure("The file has no labelled customer turn.", "Label turns with frustrated: 0 or 1.")
    return predictions


def held_out_parts(conversations: list[Conversation], number: int) -> list[list[Conversation]]:
    """Conversations held out together: the test split where there is one, else ``number`` folds by conversation."""
    test = [conversation for conversation in conversations if conversation.is_test]
    if len(test) < len(conversations):
        return [test]
    order = list(range(len(test)))
    Random(SEED).shuffle(order)
    return [[test[index] for index in sorted(order[first::number])] for first in range(min(number, len(test)))]


def predict_conversation(conversation: Conversation, model: TextModel, config: Config) -> Iterator[Prediction]:
    """Fold one conversation; predictions of its labelled turns."""
    points = fold_conversation(conversation, model, config)
    for turn, point in zip(conversation.turns, points, strict=True):
        if turn.frustrated is not None:
            values = (point[name] for name in ("p_now", "p_next", "p_rise", "level", "raised"))
            yield Prediction(conversation.id, turn, *values)


def fold_conversation(conversation: Conversation, model: TextModel, config: Config) -> list[dict[str, Any]]:
    """The trajectory points of a conversation, by the fold the workers run."""
    state: State | None = None
    points = []
    for signal in conversation.signals:
        state, outputs = fold(state, signal, config, model)
        points += [output.datum for output in outputs if output.record == "trajectory_point"]
    return points


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """Write predictions, one JSON object a line. ``Failure`` when the file cannot be written."""
    with file_errors(path, "written"), path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(as_json(prediction), ensure_ascii=False) + "\n" for prediction in predictions)


def as_json(prediction: Prediction) -> dict[str, Any]:
    """A prediction in the format of the benchmark: ``now`` is absent for an unseen turn, ``rise`` if unknown."""
    fields = {"conversation_id": prediction.conversation_id, "turn": prediction.turn.number}
    values = {"now": estimate_now(prediction), "next": prediction.next, "rise": prediction.rise}
    return fields | {name: value for name, value in values.items() if value is not None}


def estimate_now(prediction: Prediction) -> float | None:
    """Probability that the turn is frustrated; for a seen turn without words the prediction before it."""
    if not prediction.turn.seen:
        return None
    return prediction.next if prediction.now is None else prediction.now
