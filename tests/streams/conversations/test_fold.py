"""Conversations told from beginning to end."""

from dataclasses import replace
from typing import Any

import pytest

from streams.config.model import BeliefConfig, Config, OutcomeConfig, SignalConfig
from streams.conversations import lifecycle
from streams.conversations.fold import fold
from streams.signals import prosody as prosodic
from streams.state import State
from streams.text_model.model import REPLY_PART, TextModel, shipped_model
from streams.text_model.weights import zero_weights
from tests.support.data.builders import (
    CALM,
    FURIOUS,
    GLAD,
    OFFER,
    SLOW,
    answer,
    fold_all,
    keystrokes,
    log,
    message,
    moment,
    navigation,
    nervous,
    of,
    prosody,
    published,
    told,
)

FURIES = [message(FURIOUS, 30.0 * i, event_id=f"fury-{i}") for i in range(8)]


def test_a_conversation_that_rises_gets_a_decision_and_an_intervention() -> None:
    state, outputs = told(Config(), message(CALM, -60), *FURIES)
    first = of(outputs, "decision")[0]
    assert (first["kind"], first["decision_index"], first["available"]) == ("first", 1, True)
    assert first["level"] > 0.0
    assert first["alarm"] > Config().belief.threshold
    assert first["contributions"][0]["share"] > 0.0
    assert len(of(outputs, "intervention")) == sum(
        not one["control"] for one in of(outputs, "decision") if one["available"]
    )
    assert state.belief.raised


def test_a_friendly_conversation_is_left_in_peace() -> None:
    events = [
        message(text, 30.0 * i) for i, text in enumerate([CALM, GLAD, "Where can I see the price?", CALM, GLAD] * 4)
    ]
    state, outputs = told(Config(), *events)
    assert {one.record for one in outputs} == {"trajectory_point", "customer_note"}
    assert not state.belief.raised


def test_one_outburst_is_no_alarm() -> None:
    assert of(told(Config(), message(CALM), message(FURIOUS, 30), message(CALM, 60))[1], "decision") == []


def test_every_customer_turn_has_exactly_one_point_and_nothing_else_has() -> None:
    events = [
        message(CALM, 0, event_id="m1"),
        answer(at=10),
        keystrokes(15),
        navigation(at=16),
        prosody(17),
        message(None, 20, event_id="m2"),
        message("😀", 30, event_id="m3"),
        message(GLAD, 40, event_id="m4", status="resolved"),
    ]
    points = of(told(Config(), *events)[1], "trajectory_point")
    assert [one["event_id"] for one in points] == ["m1", "m2", "m3", "m4"]
    assert [one["turn"] for one in points] == [1, 2, 3, 4]
    assert [one["observation"] is None for one in points] == [False, True, True, False]
    assert len({one["point_id"] for one in points}) == 4


def test_every_record_fits_its_contract() -> None:
    _, outputs = told(nervous(), *FURIES, answer(at=300), message(GLAD, 310, status="resolved"))
    assert {published(one)[0] for one in outputs} == {
        *("trajectory_point", "decision", "intervention", "outcome", "customer_note")
    }


def test_points_tell_what_was_expected_before_and_what_was_read() -> None:
    _, outputs = told(Config(), message(CALM), answer("Unfortunately not.", 5), message(FURIOUS, 10), message(None, 20))
    calm, furious, unread = of(outputs, "trajectory_point")
    assert calm["p_rise"] is None  # there is nothing to rise from
    assert furious["p_now"] > furious["p_next"]
    assert unread["p_now"] is None
    assert unread["p_next"] > calm["p_next"]
    assert all(0.0 <= one[name] <= 1.0 for one in (furious, unread) for name in ("p_next", "p_rise"))
    assert {one["model_version"] for one in (calm, furious, unread)} == {shipped_model().version}


def test_the_dialogue_is_remembered_whether_or_not_words_move_the_belief() -> None:
    events = [message(CALM), answer("Unfortunately not.", 5), message(FURIOUS, 10)]
    on, off = (told(Config(signals=SignalConfig(text=text)), *events) for text in (True, False))
    assert on[0].dialogue == off[0].dialogue
    assert off[0].belief.level == 0.0
    assert [one["p_now"] for one in of(off[1], "trajectory_point")] == [None, None]
    expected = [[one["p_next"] for one in of(outputs, "trajectory_point")] for _, outputs in (on, off)]
    assert expected[0] == expected[1]


def test_another_model_says_something_else_under_its_own_name() -> None:
    knows_nothing = TextModel(zero_weights())
    state: State | None = None
    for signal in log(message(FURIOUS)):
        state, outputs = fold(state, signal, Config(), knows_nothing)
        [point] = of(outputs, "trajectory_point")
    assert (point["p_now"], point["p_next"], point["p_rise"]) == (0.5, 0.5, None)
    assert point["model_version"] == knows_nothing.version
    assert point["observation"] == pytest.approx(0.5 - SignalConfig().text_usual)


def test_an_unreadable_message_moves_nothing() -> None:
    before, _ = told(Config(), message(FURIOUS))
    after, _ = told(Config(), message(FURIOUS), message(None, 10))
    assert (after.belief.level, after.belief.alarm) == (before.belief.level, before.belief.alarm)


def test_silence_and_operators_do_not_move_the_level() -> None:
    before, _ = told(Config(), message(FURIOUS))
    after, outputs = told(Config(), message(FURIOUS), answer("This is terrible, awful, the worst!", 100))
    assert after.belief == before.belief
    assert [one.record for one in outputs] == ["customer_note", "trajectory_point"]


def named(records: list[dict[str, Any]]) -> set[str]:
    """The kinds of signal their contributions name."""
    return {one["signal"].split(".")[0] for record in records for one in record["contributions"]}


def test_points_tell_what_moved_the_level_since_the_point_before() -> None:
    rage = [navigation("click", 5 + i / 10, x=1.0, y=1.0) for i in range(3)]
    shouts = [prosody(0.1 * i, loudness_db=-20.0 + i) for i in range(6)]
    _, outputs = told(Config(), message(CALM), *rage, *shouts, message(GLAD, 10))
    first, second = (
        {one["signal"]: one["share"] for one in point["contributions"]} for point in of(outputs, "trajectory_point")
    )
    assert "prosody.loudness_db" not in first
    assert second["prosody.loudness_db"] > 0.0
    assert second["text.gratitude"] < 0.0
    assert named(of(outputs, "trajectory_point")) == {"text", "dialogue", "prosody", "level"}
    levels = [point["level"] for point in of(outputs, "trajectory_point")]
    assert sum(first.values()) == pytest.approx(levels[0])
    assert sum(second.values()) == pytest.approx(levels[1] - levels[0])


@pytest.mark.parametrize("withdrawal", [message(CALM, 50, keystroke_consent=False), keystrokes(50, consent=False)])
def test_consent_withdrawn_drops_what_was_learned_at_once(withdrawal: dict[str, object]) -> None:
    typed = [keystrokes(10.0 * i) for i in range(4)]
    known, _ = told(Config(), *typed)
    assert any(name.startswith("typing.") for name in known.baselines)
    after, _ = told(Config(), *typed, withdrawal)
    assert not any(name.startswith("typing.") for name in after.baselines)
    assert after.keystroke_consent is False


def test_consent_that_is_not_mentioned_stays_as_it_was_and_given_again_starts_afresh() -> None:
    typed = [keystrokes(10.0 * i) for i in range(4)]
    refused, _ = told(Config(), *typed, message(CALM, 50, keystroke_consent=False), message(CALM, 60))
    assert refused.keystroke_consent is False
    again, _ = told(Config(), *typed, message(CALM, 50, keystroke_consent=False), keystrokes(70))
    assert again.baselines["typing.flight_ms"].count == 1


def test_a_burst_from_before_the_refusal_that_comes_in_after_it_is_not_measured() -> None:
    typed = [keystrokes(10.0 * i) for i in range(4)]
    after, _ = told(Config(), *typed, message(CALM, 50, keystroke_consent=False), keystrokes(45), keystrokes(50))
    assert not any(name.startswith("typing.") for name in after.baselines)
    assert after.keystroke_consent is False


def test_a_refusal_counts_even_if_it_comes_late() -> None:
    """Nothing that a clock says can keep a customer from refusing."""
    typed = [keystrokes(10.0 * i) for i in range(4)]
    refused, _ = told(Config(), *typed, message(CALM, 5, keystroke_consent=False))
    assert refused.keystroke_consent is False
    assert not any(name.startswith("typing.") for name in refused.baselines)
    again, _ = told(Config(), *typed, message(CALM, 5, keystroke_consent=False), keystrokes(60))
    assert again.keystroke_consent is True


def test_a_frame_from_before_the_refusal_is_not_measured() -> None:
    heard = [prosody(10.0 * i) for i in range(4)]
    after, _ = told(Config(), *heard, message(CALM, 50, voice_consent=False), prosody(45))
    assert not any(name.startswith("prosody.") for name in after.baselines)
    assert after.voice_consent is False


def test_typing_alone_never_raises_an_alarm() -> None:
    events = [keystrokes(10.0 * i, gap_ms=200.0) for i in range(10)]
    events += [keystrokes(200 + 10.0 * i, gap_ms=20.0, backspaces=15) for i in range(100)]
    assert not told(Config(), *events)[0].belief.raised


def test_the_pace_is_learned_and_a_long_wait_speaks() -> None:
    usual = [one for i in range(5) for one in (message(CALM, 100.0 * i), answer(at=100.0 * i + 8))]
    config = Config(signals=SignalConfig(text=False))
    state, outputs = told(config, *usual, message(CALM, 500), answer(at=1500), message(CALM, 1510))
    *before, last = of(outputs, "trajectory_point")
    assert state.belief.evidence["latency.wait"] > 0.0
    assert last["alarm"] > 0.0
    assert {one["alarm"] for one in before} == {one["level"] for one in (*before, last)} == {0.0}
    assert last["contributions"] == []


@pytest.mark.parametrize("off", ["text", "typing", "navigation", "latency", "prosody"])
def test_a_signal_switched_off_is_not_weighed(off: str) -> None:
    usual = [
        one
        for at in (0.0, 60.0, 120.0, 180.0, 240.0)
        for one in (message(CALM, at), answer(at=at + 5), keystrokes(at + 30), prosody(at + 30))
    ]
    odd = [
        navigation("click", 300, error_ms=5.0),
        keystrokes(301, backspaces=15),
        answer(at=500),
        *(prosody(510 + i, loudness_db=-10.0) for i in range(5)),
    ]
    shares = {"typing_share": 1.0, "navigation_share": 1.0, "latency_share": 1.0}
    config = nervous(belief=BeliefConfig(threshold=0.45, clear=0.1))
    config = replace(config, signals=SignalConfig(prosody_sd=1.0, **{off: False, **shares}))
    _, outputs = told(config, *usual, message(CALM, 290), *odd, message(FURIOUS, 520))
    unread = {"text": {"text", "dialogue"}}.get(off, {off})  # the dialogue is of words, too
    assert named(of(outputs, "trajectory_point")) == {"text", "dialogue", "prosody", "level"} - unread
    told_of = {"text", "dialogue", "typing", "navigation", "latency", "prosody"} - unread
    assert named(of(outputs, "decision")) == told_of


def test_status_resolved_closes_the_window_and_calls_for_nothing_more() -> None:
    state, outputs = told(nervous(), message(FURIOUS), message(FURIOUS, 10, status="resolved"))
    [outcome] = of(outputs, "outcome")
    assert (outcome["status"], outcome["turns"]) == ("matured", 1)
    assert len(of(outputs, "decision")) == 1
    assert state.window is None


def test_resolved_by_an_operator_before_the_customer_wrote_is_censored() -> None:
    _, outputs = told(nervous(), message(FURIOUS), answer(at=10, status="abandoned"))
    [outcome] = of(outputs, "outcome")
    assert (outcome["status"], outcome["censoring_reason"]) == ("censored", "ended")


def test_a_conversation_handed_over_by_the_platform_is_no_longer_ours() -> None:
    _, outputs = told(nervous(), answer(at=0, status="handed_over"), *FURIES)
    assert of(outputs, "decision") == []
    assert len(of(outputs, "trajectory_point")) == len(FURIES)


def test_idle_then_speaking_again_begins_anew_with_the_same_positions() -> None:
    signals = log(message(FURIOUS), keystrokes(1), message(FURIOUS, 2), message(CALM, 2 + 1800))
    before, _ = fold_all(signals[:-1], nervous())
    after, outputs = fold_all(signals[-1:], nervous(), before)
    assert after.positions == {**before.positions, "conversation.messages/0": 2}
    assert after.opened_at == after.last_at == moment(1802)
    assert (after.turn, after.decisions, after.window, after.belief.alarm) == (1, 0, None, 0.0)
    [point], [outcome] = of(outputs, "trajectory_point"), of(outputs, "outcome")
    assert point["turn"] == 1
    assert outcome["event_time"] == moment(600)


def test_a_millisecond_before_it_is_idle_it_goes_on() -> None:
    state, _ = told(Config(), message(CALM), message(CALM, 1799.999))
    assert (state.turn, state.opened_at) == (2, moment(0))


def test_the_two_lives_of_a_conversation_share_no_id() -> None:
    _, outputs = told(nervous(), message(FURIOUS), message(FURIOUS, 10), message(FURIOUS, 4000), message(FURIOUS, 4010))
    assert len({(one.record, one.id) for one in outputs}) == len(outputs)
    assert len(of(outputs, "decision")) == 2


def test_a_late_event_counts_but_turns_no_clock_back() -> None:
    state, outputs = told(Config(), message(CALM, 100), message(FURIOUS, 40))
    assert state.last_at == state.belief.at == moment(100)
    assert [one["event_time"] for one in of(outputs, "trajectory_point")] == [moment(100), moment(40)]
    assert [at for at, _ in state.recent] == [moment(100), moment(100)]


def test_turns_of_one_millisecond_have_no_slope_and_nothing_breaks() -> None:
    _, outputs = told(nervous(), message(FURIOUS), message(FURIOUS), message(FURIOUS))
    assert [one["slope"] for one in of(outputs, "trajectory_point")] == [None] * 3


def test_who_the_customer_is_may_be_learned_later_and_is_not_forgotten() -> None:
    state, outputs = told(Config(), message(customer_id=None), message(customer_id="u7"), message(customer_id=None))
    assert [one["customer_id"] for one in of(outputs, "trajectory_point")] == [None, "u7", "u7"]
    assert state.customer_id == "u7"


def test_a_voice_that_rises_moves_the_level_and_says_nothing_by_itself() -> None:
    calm = [prosody(2.0 * i) for i in range(10)]
    state, outputs = told(Config(), *calm, *(prosody(20 + 2.0 * i, loudness_db=-10.0) for i in range(5)))
    assert [one.record for one in outputs] == ["customer_note"]
    assert state.belief.level > 0.0
    assert set(state.belief.moved) == set(prosodic.NAMES)


@pytest.mark.parametrize("withdrawal", [message(CALM, 50, voice_consent=False), prosody(50, consent=False)])
def test_consent_to_voice_withdrawn_drops_what_was_learned_and_nothing_else(withdrawal: dict[str, object]) -> None:
    heard = [one for i in range(4) for one in (prosody(10.0 * i), keystrokes(10.0 * i + 5))]
    known, _ = told(Config(), *heard)
    assert {name.split(".")[0] for name in known.baselines} == {"typing", "prosody"}
    after, _ = told(Config(), *heard, withdrawal)
    assert {name.split(".")[0] for name in after.baselines} == {"typing"}
    assert after.voice_consent is False
    assert after.keystroke_consent is True


def test_consent_to_typing_withdrawn_leaves_the_voice() -> None:
    heard = [one for i in range(4) for one in (prosody(10.0 * i), keystrokes(10.0 * i + 5))]
    after, _ = told(Config(), *heard, message(CALM, 50, keystroke_consent=False))
    assert {name.split(".")[0] for name in after.baselines} == {"prosody"}


def test_a_voice_is_learned_afresh_after_a_new_consent() -> None:
    heard = [prosody(2.0 * i) for i in range(4)]
    refused = message(CALM, 50, voice_consent=False)
    again, _ = told(Config(), *heard, refused, message(CALM, 60), prosody(70))
    assert again.baselines["prosody.f0_semitones"].count == 1


def test_a_frame_that_says_nothing_of_consent_is_not_weighed_after_a_refusal() -> None:
    *told_before, unsaid = log(message(CALM, voice_consent=False), prosody(10))
    state, _ = fold_all([*told_before, {**unsaid, "voice_consent": None}], Config())
    assert state.baselines == {}
    assert state.voice_consent is False


SHOUTED = {"f0_semitones": 40.0, "f0_sd_semitones": 8.0, "speech_rate": 9.0, "jitter": 0.1, "shimmer": 0.5}


def test_a_voice_that_changes_once_and_stays_raises_no_alarm_alone() -> None:
    """Not even one that changes in everything, for ten minutes, after two minutes of calm."""
    events = [prosody(2.0 * i) for i in range(60)]
    events += [prosody(120 + 2.0 * i, **SHOUTED, hnr_db=0.0, loudness_db=0.0) for i in range(300)]
    alarms = [told(Config(), *events[:end])[0].belief for end in (100, 200, len(events))]
    assert not any(belief.raised for belief in alarms)
    assert alarms[0].alarm > 1.0


@pytest.mark.parametrize("window_s", [600.0, 1800.0, 5000.0])
def test_however_long_the_window_it_is_closed_by_the_time_the_conversation_ends(window_s: float) -> None:
    config = nervous(outcome=OutcomeConfig(window_s=window_s, idle_s=1800.0))
    state, _ = told(config, message(FURIOUS))
    assert lifecycle.deadline(state, config) == moment(min(window_s, 1800.0))
    [outcome] = of(lifecycle.end(state, "c1", config), "outcome")
    assert outcome["event_time"] == moment(min(window_s, 1800.0))
    assert outcome["status"] == "censored"


def test_what_a_message_says_leaves_no_trace_of_its_words() -> None:
    secret = "Xylophon"
    state, outputs = told(nervous(), *(message(f"{secret}! {FURIOUS} {secret}", 10.0 * i) for i in range(5)))
    assert secret not in repr(state)
    assert all(secret not in repr(one) for one in outputs)
    assert secret not in repr(log(message(secret + FURIOUS)))


def test_options_that_compete_are_both_tried_over_many_conversations() -> None:
    config = nervous(protocols=(SLOW, OFFER), control_share=0.2, belief=BeliefConfig(threshold=1.0, clear=0.4))
    seen = {
        one["option"]
        for i in range(40)
        for one in of(told(config, message(FURIOUS, conversation_id=f"c{i}"))[1], "decision")
    }
    assert seen == {"slow", "offer", "control"}


# How the answer was worded

SORRY, ASKS = answer("I'm sorry.", 5), answer("Could you wait a moment?", 8)


def replies(*events: Any) -> list[set[str] | None]:
    """What the answer before each turn has, by the points; a length of 0 would be missed."""
    points = of(told(Config(), *events)[1], "trajectory_point")
    return [None if one["reply"] is None else {k for k, v in one["reply"].items() if v} for one in points]


def test_a_point_tells_how_the_answer_before_it_was_worded_and_only_once() -> None:
    found = replies(message(), SORRY, ASKS, message(at=10), message(at=20), ASKS, message(at=30))
    words = "wording.words"
    assert found == [None, {words, "wording.apology", "wording.question"}, None, {words, "wording.question"}]


def test_an_answer_that_cannot_be_read_in_part_is_unknown_and_so_is_one_from_before_wording_was_read() -> None:
    assert replies(message(), SORRY, answer(None, 6), message(at=10), SORRY, message(at=20))[1:] == [
        None,
        {"wording.words", "wording.apology"},
    ]
    signals = log(message(), SORRY, message(at=10))
    signals[1]["features"] = {"text.words": 3.0}
    assert of(fold_all(signals, Config())[1], "trajectory_point")[1]["reply"] is None


def test_a_point_carries_the_level_before_it() -> None:
    points = of(told(Config(), *FURIES)[1], "trajectory_point")
    assert [one["level_before"] for one in points] == [None, *(one["level"] for one in points[:-1])]


def test_what_the_answer_alone_says_is_a_part_of_its_own() -> None:
    """Else what wording went with would hold what the text model was taught of answers."""
    _, outputs = told(Config(), message(CALM), answer("Unfortunately I can't.", 5), message(CALM, 10))
    first, second = (
        {one["signal"]: one["share"] for one in p["contributions"]} for p in of(outputs, "trajectory_point")
    )
    assert REPLY_PART not in first
    assert second[REPLY_PART] != 0.0
    [_, point] = of(outputs, "trajectory_point")
    assert sum(second.values()) == pytest.approx(point["level"] - point["level_before"])
