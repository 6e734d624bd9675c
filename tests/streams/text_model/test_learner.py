"""The learner: test, then train; what it exports says what it says."""

import pytest
from river import checks
from river.base import Estimator

from streams.text_model import turn_features, weights
from streams.text_model.learner import Label, TextModelLearner, Turn, training_tasks
from streams.text_model.model import TextModel
from streams.text_model.pretrained import load_weights
from streams.text_model.prior import expert_weights
from streams.text_model.weights import HEADS, PLACES
from tests.support.data.builders import CALM, FURIOUS
from tests.support.data.dialogues import forecast, labelled, read, said

REFUSALS = ("Unfortunately that is not possible.", "I'm unable to do that.", "Our policy does not allow it.")
HELP = ("It leaves today.", "Here it is.", "Your parcel arrives at noon.")
Lessons = list[tuple[Turn, Label]]
YES = Label(frustrated=True, rose=None)


def story(reply: str) -> Lessons:
    """The customer asks, hears the reply and asks again in the same words; after a refusal they are frustrated."""
    return labelled(turn_features.customer_turns(said(CALM, reply, CALM)), False, reply in REFUSALS)


@pytest.fixture(scope="module")
def taught() -> TextModelLearner:
    learner = TextModelLearner()
    for _ in range(25):
        for reply in (*REFUSALS, *HELP):
            learner.learn_all(story(reply))
    return learner


def test_it_learns_from_what_was_answered_what_words_alone_cannot_tell(taught: TextModelLearner) -> None:
    refused, helped = (taught.predict(story(replies[0])[1][0]) for replies in (REFUSALS, HELP))
    assert refused["next"] > 0.6 > 0.4 > helped["next"]
    assert refused["now"] > 0.6 > 0.4 > helped["now"]


def test_a_reply_never_heard_is_known_by_its_cue(taught: TextModelLearner) -> None:
    turns = [turn for _, turn in turn_features.customer_turns(said(CALM, "We regret, it can't be done.", CALM))]
    assert taught.predict(turns[1])["next"] > taught.predict(turns[0])["next"] + 0.1


def test_what_it_exports_says_what_it_says(taught: TextModelLearner) -> None:
    model = TextModel(taught.weights())
    for reply in (*REFUSALS, *HELP):
        signals = said(CALM, reply, FURIOUS)
        remembered = model.new_dialogue()
        for signal in signals:
            message = signal["terms"], signal["cues"], signal["features"]
            if signal["participant_role"] != "customer":
                remembered = model.add_reply(remembered, *message)
                continue
            turn = next(turn for one, turn in turn_features.customer_turns(signals) if one is signal)
            predicted = taught.predict(turn)
            assert forecast(model, remembered).next == pytest.approx(predicted["next"], abs=2e-3)
            assert read(model, remembered, *message).now == pytest.approx(predicted["now"], abs=2e-3)
            remembered = model.add_turn(remembered, *message)


def test_a_turn_is_predicted_before_it_is_learned() -> None:
    learner, [_, (turn, _)] = TextModelLearner(), story(REFUSALS[0])
    before = learner.predict(turn)
    assert before == {"next": 0.5, "rise": 0.5, "now": 0.5}
    assert learner.predict(turn) == before
    learner.learn(turn, Label(frustrated=True, rose=False))
    after = learner.predict(turn)
    assert after["now"] > 0.5 and after["next"] > 0.5 > after["rise"]


def test_a_head_learns_only_what_was_said_of_it() -> None:
    read, unread = Turn({1: 1.0}, {1: 1.0, 2: 1.0}), Turn({1: 1.0}, None)
    assert [head for head, _, _ in training_tasks(read, Label(True, True))] == ["next", "rise", "now"]
    assert [head for head, _, _ in training_tasks(unread, Label(True, True))] == ["next", "rise"]
    assert [head for head, _, _ in training_tasks(read, Label(None, True))] == ["rise"]
    assert training_tasks(read, Label(None, None)) == []
    assert {head: features for head, features, _ in training_tasks(read, YES)} == {
        "next": read.before,
        "now": read.read,
    }


def test_a_turn_that_could_not_be_read_is_forecast_only() -> None:
    assert set(TextModelLearner().predict(Turn({1: 1.0}, None))) == {"next", "rise"}


@pytest.mark.parametrize("prior", [expert_weights(), load_weights()])
def test_a_prior_is_kept_while_nothing_is_learned(prior: weights.Weights) -> None:
    learner = TextModelLearner(prior)
    learner.predict(story(HELP[0])[0][0])
    learner.learn(story(HELP[0])[0][0], Label(None, None))
    assert learner.weights() == prior


def test_a_prior_is_moved_only_where_something_was_seen() -> None:
    learner, [(turn, _), _] = TextModelLearner(expert_weights()), story(HELP[0])
    learner.learn(turn, YES)
    moved = {
        head: {place for place, value in enumerate(after) if value != before[place]}
        for head, before, after in zip(HEADS, expert_weights()[:3], learner.weights()[:3], strict=True)
    }
    assert moved["now"] and moved["now"] <= set(turn.read or {})
    assert moved["next"] and moved["next"] <= set(turn.before)
    assert not moved["rise"]
    assert learner.weights().now[PLACES["bias"]] > expert_weights().now[PLACES["bias"]]


def test_the_same_lessons_give_the_same_bytes_and_others_do_not() -> None:
    lessons = [first for reply in (*REFUSALS, *HELP) for first in story(reply)]
    first, second, backwards = TextModelLearner(), TextModelLearner(), TextModelLearner()
    first.learn_all(lessons)
    second.learn_all(list(lessons))
    backwards.learn_all(reversed(lessons))
    assert weights.pack(first.weights()) == weights.pack(second.weights())
    assert first.weights().version != backwards.weights().version


# river's own checks. It learns one at a time, so that learning many at once may differ (AdaGrad takes other steps).
HEAD = TextModelLearner(expert_weights())._heads["now"]
CHECKS = [yield_check for yield_check in checks.yield_checks(HEAD) if "learn_many" not in str(yield_check)]


@pytest.mark.parametrize("head", HEADS)
def test_every_head_is_a_good_river_estimator(head: str) -> None:
    model: Estimator = TextModelLearner(expert_weights())._heads[head]
    assert len(CHECKS) > 40
    for check in CHECKS:
        check(model.clone())
