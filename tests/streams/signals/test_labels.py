"""Signals in words: every name a record can carry has some, and they never say what somebody feels."""

import pytest

from streams.signals import cues, labels, navigation, prosody, reply_style, response_time, typing
from streams.text_model.dialogue_state import CARRIED_NAMES
from streams.text_model.model import TextModel
from streams.text_model.pretrained import load_weights

NAMES = {
    *cues.CUSTOMER_CUES,
    *cues.OPERATOR_CUES,
    *response_time.WEIGHTS,
    *response_time.UNANSWERED,
    *navigation.WEIGHTS,
    *prosody.NAMES,
    *typing.FEATURES,
    *reply_style.FEATURES,
    *CARRIED_NAMES,
}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_signal_and_cue_has_words(name: str) -> None:
    assert name in labels.DESCRIPTIONS


def test_every_part_of_a_reading_has_words() -> None:
    model = TextModel(load_weights())
    remembered = model.new_dialogue()
    numbers = dict.fromkeys((*CARRIED_NAMES, "text.words", "text.questions", "text.exclamations", "text.capitals"), 1.0)
    result: set[str] = set()
    for _ in range(3):
        message = [1, 2, 3], list(cues.CUSTOMER_CUES), numbers
        reading = model.read_turn(remembered, model.context(remembered), *message)
        result |= set(reading.parts)
        remembered = model.add_reply(model.add_turn(remembered, *message), [4, 5], ["operator.apology"], numbers)
    assert len(result) > 5
    assert result <= set(labels.DESCRIPTIONS)


def test_words_tell_signals_apart_and_no_feelings() -> None:
    own = {name: said for name, said in labels.DESCRIPTIONS.items() if not name.startswith("turn.")}
    assert len(set(own.values())) == len(own)
    assert not any(feeling in said for said in own.values() for feeling in ("angry", "frustrat", "furious", "upset"))


def test_an_unknown_name_is_shown_as_it_is() -> None:
    assert labels.describe("text.brand_new") == "brand new"
    assert labels.describe("") == ""


def test_the_strongest_three_that_raise_are_told_with_their_share() -> None:
    told = [("text.blame", 0.4), ("text.relief", -0.3), ("text.waiting", 0.15), ("latency.wait", 0.1), ("x.y", 0.05)]
    assert labels.describe_strongest({"signal": name, "share": share} for name, share in told) == [
        "blames us (40%)",
        "speaks of waiting (15%)",
        "the answer took longer than usual (10%)",
    ]
