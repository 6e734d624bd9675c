"""What is known before any label."""

import pytest

from streams.text_model.model import TextModel
from streams.text_model.prior import CUES, NUMBERS, expert_weights
from tests.support.data import dialogues
from tests.support.data.builders import CALM, FURIOUS, GLAD
from tests.support.data.dialogues import forecast, said

CALMS = (CALM, GLAD, "Could you tell me the opening hours?", "Perfect, that worked", "I would like two tickets, please")
FURIES = (
    FURIOUS,
    "This is the worst service, I want my money back!",
    "You never answer. I have been waiting for weeks.",
    "What the hell, it still isn't fixed?!",
)


def read(words: str) -> float:
    model, [signal] = TextModel(expert_weights()), said(words)
    return dialogues.read(model, model.new_dialogue(), signal["terms"], signal["cues"], signal["features"]).now


@pytest.mark.parametrize("fury", FURIES)
def test_obvious_fury_ranks_above_all_calm(fury: str) -> None:
    assert read(fury) > max(map(read, CALMS))


def test_a_calm_turn_is_more_likely_not_frustrated() -> None:
    assert max(map(read, CALMS)) < 0.5 < min(map(read, FURIES))


def test_what_came_before_makes_the_next_turn_likelier() -> None:
    model = TextModel(expert_weights())
    forecasts = []
    for words in (GLAD, FURIOUS):
        [signal] = said(words)
        remembered = model.add_turn(model.new_dialogue(), signal["terms"], signal["cues"], signal["features"])
        forecasts.append(forecast(model, remembered))
    assert forecasts[0].next < forecasts[1].next
    assert [forecast.rise for forecast in forecasts] == [None, None]


@pytest.mark.parametrize("cue", CUES)
def test_a_cue_alone_moves_the_log_odds_by_its_weight(cue: str) -> None:
    model = TextModel(expert_weights())
    parts = dialogues.read(model, model.new_dialogue(), [1], [cue], {}).parts
    assert parts[cue] == pytest.approx(CUES[cue], rel=1e-3)


@pytest.mark.parametrize("name", [name for name, weight in NUMBERS.items() if weight])
def test_a_number_moves_them_by_its_weight(name: str) -> None:
    model = TextModel(expert_weights())
    parts = dialogues.read(model, model.new_dialogue(), [1], [], {f"text.{name}": 1.0}).parts
    assert parts[f"text.{name}"] == pytest.approx(NUMBERS[name], rel=1e-3)
