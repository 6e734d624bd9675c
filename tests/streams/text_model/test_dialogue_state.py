"""The dialogue: what is learned is exactly what is used."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.signals.cues import TOPICS
from streams.signals.extraction import Signal
from streams.text_model import dialogue_state, turn_features
from streams.text_model.dialogue_state import (
    BASE_RATE,
    CARRIED_NUMBERS,
    LARGEST_NUMBER,
    LONG_MESSAGE,
    Dialogue,
    Features,
)
from streams.text_model.learner import SPARSE, SparseDialogue
from streams.text_model.model import SummedDialogue, Sums, TextModel, logistic
from streams.text_model.weights import LENGTH, PLACES, Weights
from tests.support.data.dialogues import CONVERSATIONS, TERMS, forecast, random_weights, read, said

MODELS = st.sampled_from([(random_weights(seed), TextModel(random_weights(seed))) for seed in (1, 2)])


def dot(weights: Weights, features: Features) -> Sums:
    """What each head says of collected features."""
    now, next_, rise = (sum(head[place] * value for place, value in features.items()) for head in weights[:3])
    return now, next_, rise


def after(model: TextModel, remembered: SummedDialogue, signal: Signal) -> SummedDialogue:
    """The dialogue in use after a message, as the fold moves it on."""
    step = model.add_turn if signal["participant_role"] == "customer" else model.add_reply
    return step(remembered, signal["terms"], signal["cues"], signal["features"])


@given(CONVERSATIONS, MODELS)
def test_sums_say_of_every_turn_what_the_features_say_that_are_learned(
    signals: list[Signal], drawn: tuple[Weights, TextModel]
) -> None:
    weights, model = drawn
    learned, used = turn_features.new_dialogue(), model.new_dialogue()
    for number, signal in enumerate(signals):
        earlier, (learned, turn) = used, turn_features.add_message(learned, signal)
        used = after(model, used, signal)
        if turn is None:
            continue
        expected = forecast(model, earlier)
        _, next_, rise = dot(weights, turn.before)
        assert expected.next == pytest.approx(logistic(next_), abs=1e-9), number
        if earlier.turns:
            assert expected.rise == pytest.approx(logistic(rise), abs=1e-9)
        else:
            assert expected.rise is None
        assert (turn.read is None) is (signal["terms"] == [])
        if turn.read is not None:
            reading = read(model, earlier, signal["terms"], signal["cues"], signal["features"])
            assert reading.now == pytest.approx(logistic(dot(weights, turn.read)[0]), abs=1e-9)


@given(CONVERSATIONS, MODELS)
def test_what_is_remembered_as_sums_is_the_projection_of_what_is_remembered_as_features(
    signals: list[Signal], drawn: tuple[Weights, TextModel]
) -> None:
    weights, model = drawn
    learned, used = turn_features.new_dialogue(), model.new_dialogue()
    for signal in signals:
        learned, used = turn_features.add_message(learned, signal)[0], after(model, used, signal)
        assert used.operator == pytest.approx(dot(weights, learned.operator), abs=1e-9)
        assert used.earlier == pytest.approx(dot(weights, learned.earlier), abs=1e-9)
        assert used.previous == pytest.approx(dot(weights, learned.previous), abs=1e-9)
        assert numbers_of(used) == numbers_of(learned)


def test_what_fades_from_the_learner_is_less_than_anybody_sees() -> None:
    """The learner drops features that faded; the sums in use cannot."""
    weights, model = random_weights(1), TextModel(random_weights(1))
    learned, used = turn_features.new_dialogue(), model.new_dialogue()
    for number in range(60):
        results = [dialogue_state.hashing.hash_term(f"{number} {word}") for word in range(30)]
        learned = dialogue_state.add_turn(learned, results, [], {}, SPARSE)
        used = model.add_turn(used, results, [], {})
    assert len(learned.earlier) < 60 * 30
    assert used.earlier == pytest.approx(dot(weights, learned.earlier), abs=5e-3)


def numbers_of(one: Dialogue[Sums] | SparseDialogue) -> tuple[object, ...]:
    return one.turns, one.answers, one.so_far, one.asked, one.answered


@given(CONVERSATIONS)
def test_features_are_few_finite_and_inside_of_the_space(signals: list[Signal]) -> None:
    for _, turn in turn_features.customer_turns(signals):
        for features in (turn.before, turn.read or turn.before):
            assert all(0 <= place < LENGTH and math.isfinite(value) for place, value in features.items())
            assert features[PLACES["bias"]] == 1.0


@given(TERMS.filter(bool), st.floats(0.1, 2.0))
def test_a_group_of_terms_weighs_the_same_however_long_up_to_a_point(terms: list[int], weight: float) -> None:
    features = dialogue_state.term_features(terms, dialogue_state.TURN, weight)
    length = math.sqrt(sum(value**2 for value in features.values()))
    if len(features) == len(terms):  # terms of one place count once
        assert length == pytest.approx(weight * math.sqrt(max(1.0, len(terms) / LONG_MESSAGE)))


def test_the_turn_what_was_answered_and_the_turn_before_keep_their_terms_apart() -> None:
    result = list(range(0, 4000, 100))
    groups = [
        set(dialogue_state.term_features(result, salt, 1.0))
        for salt in (dialogue_state.TURN, dialogue_state.OPERATOR, dialogue_state.PREVIOUS)
    ]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert len(groups[one] & groups[other]) <= 1


def test_a_turn_is_explained_by_named_parts() -> None:
    first, second = said("Where is it?", "Here.", "It still doesn't work!")[::2]
    start = dialogue_state.add_turn(
        turn_features.new_dialogue(), first["terms"], first["cues"], first["features"], SPARSE
    )
    parts = dialogue_state.turn_features(start, second["terms"], second["cues"], second["features"])
    named = {"text.terms", "text.form", "text.repetition", "text.echo", *(f"text.{name}" for name in CARRIED_NUMBERS)}
    assert set(parts) == named | set(second["cues"])
    assert "text.unresolved" in parts
    assert not parts["text.echo"]  # nobody answered in between
    assert len(parts["text.repetition"]) == 1


def test_saying_it_again_and_echoing_the_answer_are_seen() -> None:
    """By the bin the share of repeated terms falls in."""
    places = [dialogue_state.bin_place("turn.repeats", share, dialogue_state.OVERLAPS) for share in (0.0, 1.0)]
    seen = []
    for last in ("Please send the blue one tomorrow", "Where is my order number nine?"):
        turns = list(turn_features.customer_turns(said("Where is my order number nine?", "Let me look.", last)))
        seen.append([place in (turns[-1][1].read or {}) for place in places])
    assert seen == [[True, False], [False, True]]


def test_an_unread_turn_counts_as_a_turn_and_leaves_the_numbers_alone() -> None:
    terms, cues, numbers = [1, 2], ["text.blame"], {f"text.{name}": 1.0 for name in CARRIED_NUMBERS}
    read = dialogue_state.add_turn(turn_features.new_dialogue(), terms, cues, numbers, SPARSE)
    unread = dialogue_state.add_turn(read, [], [], dict.fromkeys(numbers), SPARSE)
    assert unread.turns == 2
    assert (unread.so_far, unread.asked) == (read.so_far, read.asked)
    assert unread.previous == {}


def test_what_is_so_far_is_a_mean_that_fades_and_is_cut() -> None:
    numbers = [{f"text.{name}": value for name in CARRIED_NUMBERS} for value in (0.0, 100.0)]
    one = turn_features.new_dialogue()
    assert dialogue_state.running_means(one) == {}
    for said_now in numbers:
        one = dialogue_state.add_turn(one, [1], [], said_now, SPARSE)
    expected = LARGEST_NUMBER / (1.0 + dialogue_state.DECAY)
    for name, scale in CARRIED_NUMBERS.items():
        assert dialogue_state.running_means(one)[PLACES[f"so_far.{name}"]] == pytest.approx(scale * expected)


def test_answers_are_forgotten_with_the_turn_that_follows_them_but_for_their_words() -> None:
    one = dialogue_state.add_reply(turn_features.new_dialogue(), [3, 4], ["operator.refusal"], {}, SPARSE)
    assert one.answers == 1
    assert one.operator
    then = dialogue_state.add_turn(one, [5], [], {}, SPARSE)
    assert (then.answers, then.operator, then.answered) == (0, {}, one.answered)


def test_the_base_rate_is_the_bias_and_how_far_the_conversation_is() -> None:
    start = dialogue_state.context_features(turn_features.new_dialogue(), SPARSE)
    assert set(start) <= BASE_RATE
    answered = dialogue_state.add_reply(turn_features.new_dialogue(), [3], ["operator.refusal"], {}, SPARSE)
    assert not set(answered.operator) & BASE_RATE


@given(CONVERSATIONS, MODELS, st.sets(st.sampled_from(TOPICS)))
def test_what_is_spoken_of_changes_no_reading(
    signals: list[Signal], drawn: tuple[Weights, TextModel], topics: set[str]
) -> None:
    _, model = drawn
    plain = named = model.new_dialogue()
    for signal in signals:
        told = signal | {"cues": [*signal["cues"], *sorted(topics)]}
        if signal["participant_role"] == "customer":
            message, same = ((item["terms"], item["cues"], item["features"]) for item in (told, signal))
            assert model.read_turn(named, model.context(named), *message) == model.read_turn(
                plain, model.context(plain), *same
            )
        plain, named = after(model, plain, signal), after(model, named, told)
    assert plain == named
