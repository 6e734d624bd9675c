"""The model in use: honest probabilities, parts that add up, little to remember."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.signals.extraction import Signal
from streams.text_model import weights
from streams.text_model.dialogue_state import Dialogue
from streams.text_model.model import SummedDialogue, Sums, TextModel, logistic, shipped_model
from streams.text_model.pretrained import load_weights
from streams.text_model.weights import PLACES, zero_weights
from tests.support.data.builders import CALM, FURIOUS
from tests.support.data.dialogues import CONVERSATIONS, forecast, random_weights, read, said

MODELS = [TextModel(random_weights(1)), TextModel(load_weights()), TextModel(zero_weights())]


def remembered(model: TextModel, signals: list[Signal]) -> list[SummedDialogue]:
    """The dialogue before each message, and after the last."""
    results = [model.new_dialogue()]
    for signal in signals:
        step = model.add_turn if signal["participant_role"] == "customer" else model.add_reply
        results.append(step(results[-1], signal["terms"], signal["cues"], signal["features"]))
    return results


@given(st.sampled_from(MODELS), CONVERSATIONS)
def test_whatever_is_said_probabilities_are_probabilities_and_parts_add_up(
    model: TextModel, signals: list[Signal]
) -> None:
    for before, signal in zip(remembered(model, signals), signals, strict=False):
        expected = forecast(model, before)
        reading = read(model, before, signal["terms"], signal["cues"], signal["features"])
        assert 0.0 <= expected.next <= 1.0
        assert expected.rise is None or 0.0 <= expected.rise <= 1.0
        assert 0.0 <= reading.now <= 1.0
        assert reading.now == pytest.approx(logistic(sum(reading.parts.values())), abs=1e-12)
        assert all(reading.parts.values())


@given(CONVERSATIONS)
def test_a_dialogue_is_read_as_it_was_written_and_stays_small(signals: list[Signal]) -> None:
    last = remembered(MODELS[0], signals * 3)[-1]
    kind = Dialogue[Sums]
    packed = msgspec.msgpack.encode(last)
    assert msgspec.msgpack.decode(packed, type=kind) == last
    assert msgspec.json.decode(msgspec.json.encode(last), type=kind) == last
    assert len(packed) < 330


@given(CONVERSATIONS)
def test_reading_and_forecasting_change_nothing(signals: list[Signal]) -> None:
    model = MODELS[0]
    last = remembered(model, signals)[-1]
    before = msgspec.msgpack.encode(last)
    first = forecast(model, last), read(model, last, [1, 2], ["text.blame"], {})
    assert (forecast(model, last), read(model, last, [1, 2], ["text.blame"], {})) == first
    assert msgspec.msgpack.encode(last) == before


def test_without_weights_every_probability_is_one_half() -> None:
    model = TextModel(zero_weights())
    assert forecast(model, model.new_dialogue()) == (0.5, None)
    assert read(model, model.new_dialogue(), [1], ["text.blame"], {"text.sentiment": -1.0}) == (0.5, {})


def test_a_rise_is_foretold_from_the_second_turn_by_a_head_that_learned_to() -> None:
    tells = TextModel(weights.from_heads({"rise": {PLACES["bias"]: 1.0}}))
    silent = TextModel(weights.from_heads({"next": {PLACES["bias"]: 1.0}}))
    signals = said(CALM)
    assert [forecast(tells, item).rise for item in remembered(tells, signals)] == [None, pytest.approx(logistic(1.0))]
    assert [forecast(silent, item).rise for item in remembered(silent, signals)] == [None, None]


def test_the_name_of_the_model_is_the_digest_of_its_weights() -> None:
    assert TextModel(load_weights()).version == shipped_model().version == load_weights().version


def test_what_is_shipped_expects_more_frustration_after_fury() -> None:
    model = shipped_model()
    calm, furious = (remembered(model, said(CALM, "Let me look.", item, "One moment."))[-1] for item in (CALM, FURIOUS))
    assert forecast(model, furious).next > forecast(model, calm).next


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_the_logistic_function_is_bounded_monotone_and_symmetric(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= logistic(low) <= logistic(high) <= 1.0
    assert logistic(-one) == pytest.approx(1.0 - logistic(one), abs=1e-12)


def test_the_logistic_function_is_the_logistic_function() -> None:
    assert [logistic(x) for x in (0.0, math.log(3.0), -math.log(3.0))] == pytest.approx([0.5, 0.75, 0.25])
