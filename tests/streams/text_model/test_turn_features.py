"""From signals to lessons: what the learner sees of a conversation is what the fold says of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.config.model import Config
from streams.conversations.fold import fold
from streams.state import State
from streams.text_model import turn_features
from streams.text_model.learner import TextModelLearner
from streams.text_model.model import TextModel
from tests.support.data.builders import CALM, FURIOUS, GLAD, answer, log, message
from tests.support.data.dialogues import random_weights, said

WORDS = st.sampled_from([CALM, FURIOUS, GLAD, None, "😀", "Das Paket ist nicht da", "It still doesn't work", "no"])
ANSWERS = st.sampled_from(["Sorry, that is not possible.", "Here you are?", None])
STEPS = st.lists(st.tuples(st.sampled_from([message, message, answer]), WORDS, ANSWERS), min_size=1, max_size=12)
WEIGHTS = random_weights(1)
MODEL, LEARNER = TextModel(WEIGHTS), TextModelLearner(WEIGHTS)


@given(STEPS)
def test_the_fold_says_of_every_turn_what_a_learner_with_its_weights_says(steps: list[tuple[Any, ...]]) -> None:
    events = [make(words if make is message else reply, 20.0 * n) for n, (make, words, reply) in enumerate(steps)]
    signals = log(*events)
    state: State | None = None
    points = []
    for signal in signals:
        state, outputs = fold(state, signal, Config(), MODEL)
        points += [output.datum for output in outputs if output.record == "trajectory_point"]
    turns = list(turn_features.customer_turns(signals))
    assert len(points) == len(turns)
    for number, (point, (signal, turn)) in enumerate(zip(points, turns, strict=True)):
        said_of_it = LEARNER.predict(turn)
        assert point["event_id"] == signal["event_id"]
        assert point["p_now"] == pytest.approx(said_of_it.get("now"), abs=1e-6)
        assert point["p_next"] == pytest.approx(said_of_it["next"], abs=1e-6)
        assert point["p_rise"] == (pytest.approx(said_of_it["rise"], abs=1e-6) if number else None)
        assert point["model_version"] == WEIGHTS.version


def test_only_customers_have_turns_and_operators_are_heard_in_the_next() -> None:
    [(first, item), (second, other)] = turn_features.customer_turns(said(CALM, "Unfortunately not.", CALM))
    assert (first["participant_role"], second["participant_role"]) == ("customer", "customer")
    assert len(other.before) > len(item.before)


def test_a_turn_nobody_can_read_has_a_past_and_no_content() -> None:
    [(_, turn)] = turn_features.customer_turns(said(None))  # type: ignore[arg-type]
    assert turn.before
    assert turn.read is None


def test_nothing_said_is_no_turn() -> None:
    assert list(turn_features.customer_turns([])) == []
