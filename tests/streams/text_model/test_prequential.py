"""Learning from labels as they come: a test first, weights only when they are no worse."""

from dataclasses import replace

import pytest

from streams.config.model import LearnerConfig
from streams.text_model import dialogue_state, turn_features, weights
from streams.text_model.dialogue_state import BASE_RATE
from streams.text_model.learner import Label, Turn
from streams.text_model.model import TextModel
from streams.text_model.prequential import Prequential
from streams.text_model.pretrained import load_weights
from streams.text_model.weights import HEADS, Weights
from tests.support.data.builders import log, message

CONFIG = LearnerConfig(labels=10, window=40, inertia=1e-4)
YES, NO = Label(True, None), Label(False, None)
ODD, BLAND = "The purple elephant sits on my modem", "The parcel is on the table"


def turn(text: str | None) -> Turn:
    [(_, found)] = turn_features.customer_turns(log(message(text)))
    return found


def taught(config: LearnerConfig = CONFIG, weight: float = 1.0, labels: int = 10) -> Prequential:
    prequential = Prequential(config, load_weights())
    for number in range(labels):
        prequential.learn(*((turn(ODD), YES) if number % 2 == 0 else (turn(BLAND), NO)), weight=weight)
    return prequential


def offered(one: Prequential) -> Weights:
    result = one.offer_weights()
    assert result is not None
    return result


def p_now(found: Weights, text: str) -> float:
    model = TextModel(found)
    [signal] = log(message(text))
    start = model.new_dialogue()
    return model.read_turn(start, model.context(start), signal["terms"], signal["cues"], signal["features"]).now


def test_what_is_marked_is_read_otherwise() -> None:
    result = offered(taught())
    assert p_now(result, ODD) > p_now(load_weights(), ODD)
    assert p_now(result, BLAND) < p_now(load_weights(), BLAND)


def test_the_same_labels_give_the_same_weights() -> None:
    assert offered(taught()).version == offered(taught()).version


def test_a_label_is_a_test_before_it_is_a_lesson() -> None:
    prequential = Prequential(CONFIG, load_weights())
    prequential.learn(turn(ODD), YES)
    assert prequential.losses().learning == pytest.approx(prequential.losses().in_use)
    prequential.learn(turn(ODD), YES)
    assert prequential.losses().learning < prequential.losses().in_use


def test_it_is_due_after_so_many_labels_and_then_counts_anew() -> None:
    assert not taught(labels=9).is_offer_due
    one = taught(labels=10)
    assert one.is_offer_due
    result = offered(one)
    assert not one.is_offer_due
    assert one.has_learned
    one.adopt(result)
    assert not one.has_learned
    assert one.losses() == (0.0, 0.0)


def test_learning_goes_on_from_what_was_taken() -> None:
    one = taught()
    first = offered(one)
    one.adopt(first)
    for _ in range(5):
        one.learn(turn(ODD), YES)
    assert p_now(offered(one), ODD) > p_now(first, ODD)


def contradicted(one: Prequential, times: int) -> None:
    """The same words, marked one way and the other in turn: whoever learns is always one step behind."""
    for number in range(times):
        one.learn(turn(ODD), YES if number % 2 else NO)


def test_weights_that_do_worse_are_withheld_and_after_a_window_of_it_forgotten() -> None:
    prequential = Prequential(replace(CONFIG, rate=2.0), weights.from_heads({}))
    contradicted(prequential, 39)
    assert prequential.losses().learning > prequential.losses().in_use
    assert prequential.offer_weights() is None
    assert prequential.has_learned
    contradicted(prequential, 1)
    assert prequential.offer_weights() is None
    assert not prequential.has_learned
    prequential.learn(turn(BLAND), NO)
    assert prequential.losses().learning == pytest.approx(prequential.losses().in_use)


def test_a_weak_label_moves_less_than_a_mark() -> None:
    config = replace(CONFIG, inertia=0.01)
    usual, weak, full = (
        p_now(item, ODD) for item in (load_weights(), *(offered(taught(config, w)) for w in (0.3, 1.0)))
    )
    assert usual < weak < full
    assert weak - usual < 0.75 * (full - usual)


@pytest.mark.parametrize("head", range(len(HEADS)))
def test_how_often_messages_are_frustrated_is_not_learned_from_marks(head: int) -> None:
    result = offered(taught())
    assert [result[head][place] for place in BASE_RATE] == [load_weights()[head][place] for place in BASE_RATE]


def test_unless_one_asks_for_it() -> None:
    prequential = Prequential(replace(CONFIG, base_rate=True), load_weights())
    for _ in range(10):
        prequential.learn(turn(ODD), YES)
    place = dialogue_state.PLACES["bias"]
    assert offered(prequential).now[place] > load_weights().now[place]


def test_a_turn_that_could_not_be_read_teaches_what_to_expect_alone() -> None:
    prequential = Prequential(CONFIG, load_weights())
    for _ in range(10):
        prequential.learn(turn(None), YES)
    assert offered(prequential).now == load_weights().now


def test_a_rise_is_learned_by_its_own_head() -> None:
    prequential = Prequential(replace(CONFIG, base_rate=True), load_weights())
    for _ in range(10):
        prequential.learn(turn(ODD), Label(True, True))
    assert list(offered(prequential).rise) != list(load_weights().rise)
