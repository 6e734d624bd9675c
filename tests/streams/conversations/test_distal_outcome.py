"""How a conversation ended: told once in each of its lives, by what was seen of it."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from streams.config.model import BeliefConfig, Config, OutcomeConfig, SignalConfig
from streams.conversations import lifecycle
from streams.interventions.options import Conditions
from streams.signals.extraction import Event
from streams.state import ConversationSummary
from tests.support.data.builders import (
    CALM,
    FURIOUS,
    GLAD,
    HAND_OVER,
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

QUICK = nervous(
    protocols=(SLOW, HAND_OVER), outcome=OutcomeConfig(window_turns=1, margin=0.001, idle_s=1000.0), cooldown_s=0.0
)


def ended(config: Config, *events: Event) -> dict[str, Any]:
    """The distal outcome of a conversation of these events and then silence."""
    state, before = told(config, *events)
    assert of(before, "distal_outcome") == []
    [one] = of(lifecycle.end(state, "c1", config), "distal_outcome")
    return one


def test_it_is_told_as_of_the_moment_silence_ends_the_conversation() -> None:
    one = ended(QUICK, message(CALM, 5), answer(at=20), keystrokes(90))
    assert (one["opened_at"], one["event_time"]) == (moment(5), moment(1090))
    assert (one["turns"], one["ended"], one["customer_id"], one["channel"]) == (1, "silent", "u1", "chat")


def test_it_fits_its_contract() -> None:
    state, _ = told(QUICK, message(FURIOUS), message(GLAD, 10, status="resolved"))
    assert [one for one in map(published, lifecycle.end(state, "c1", QUICK)) if one[0] == "distal_outcome"]


def test_where_the_customer_never_wrote_there_is_nothing_to_tell() -> None:
    state, _ = told(QUICK, answer(), navigation(at=3), keystrokes(5), answer(at=9, status="abandoned"))
    assert of(lifecycle.end(state, "c1", QUICK), "distal_outcome") == []


def test_each_life_has_one_and_they_share_nothing() -> None:
    first = [message(FURIOUS), message(FURIOUS, 10, status="abandoned")]
    second = [message(CALM, 5000), message(CALM, 5010)]
    state, outputs = told(QUICK, *first, *second)
    outputs += lifecycle.end(state, "c1", QUICK)
    one, other = of(outputs, "distal_outcome")
    assert one["distal_id"] != other["distal_id"]
    assert (one["event_time"], one["ended"], one["turns"], one["interventions"]) == (moment(1010), "abandoned", 2, 1)
    assert (other["opened_at"], other["ended"], other["turns"], other["interventions"]) == (
        moment(5000),
        "silent",
        2,
        0,
    )
    assert (other["raised_at"], other["highest"] < one["highest"]) == (None, True)


def test_it_sums_up_what_was_published() -> None:
    state, outputs = told(QUICK, *(message(FURIOUS, 30.0 * i) for i in range(6)))
    outputs += lifecycle.end(state, "c1", QUICK)
    [one] = of(outputs, "distal_outcome")
    assert one["turns"] == 6
    assert one["decisions"] == len(of(outputs, "decision")) > 1
    assert one["interventions"] == len(of(outputs, "intervention")) > 1
    assert one["failures"] == sum(outcome["failed"] for outcome in of(outputs, "outcome")) > 1
    assert (one["level"], one["level_sd"]) == (state.belief.level, state.belief.variance**0.5)


def test_a_window_that_the_silence_closes_counts_too() -> None:
    slow = replace(QUICK, outcome=OutcomeConfig(window_turns=9, window_s=5000.0, margin=0.001, idle_s=1000.0))
    state, _ = told(slow, message(FURIOUS), message(FURIOUS, 60))
    assert state.failures == 0
    after = lifecycle.end(state, "c1", slow)
    assert of(after, "outcome")[0]["failed"]
    assert of(after, "distal_outcome")[0]["failures"] == 1


def test_controls_are_decisions_and_no_interventions() -> None:
    control = nervous(control_share=1.0, outcome=QUICK.outcome, cooldown_s=0.0)
    one = ended(control, *(message(FURIOUS, 30.0 * i) for i in range(4)))
    assert (one["decisions"] > 1, one["interventions"], one["failures"]) == (True, 0, 0)


def test_the_highest_level_is_that_of_a_turn_even_below_usual() -> None:
    for said in ([FURIOUS, FURIOUS, GLAD, GLAD], [GLAD, GLAD, GLAD]):
        events = [message(text, 30.0 * i) for i, text in enumerate(said)]
        levels = [point["level"] for point in of(told(QUICK, *events)[1], "trajectory_point")]
        assert ended(QUICK, *events)["highest"] == max(levels)
    assert max(levels) < 0.0


STATUSES = ("resolved", "handed_over", "abandoned")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("say", [message, answer])
def test_it_ended_as_the_platform_last_said(status: str, say: Any) -> None:
    other = STATUSES[STATUSES.index(status) - 1]
    assert ended(QUICK, message(), say(at=10, status=status))["ended"] == status
    assert ended(QUICK, message(), answer(at=5, status=other), say(at=10, status=status))["ended"] == status


@pytest.mark.parametrize("status", ["resolved", "abandoned"])
def test_a_customer_who_writes_on_takes_back_that_it_ended(status: str) -> None:
    over = [message(), answer(at=5, status=status)]
    assert ended(QUICK, *over, message(at=10))["ended"] == "silent"
    assert ended(QUICK, *over, message(at=10), answer(at=15, status="resolved"))["ended"] == "resolved"


@pytest.mark.parametrize("status", ["resolved", "abandoned"])
def test_a_farewell_of_the_platform_or_a_click_takes_nothing_back(status: str) -> None:
    over = [message(), message(at=5, status=status)]
    assert ended(QUICK, *over, answer("Goodbye.", 6))["ended"] == status
    assert ended(QUICK, *over, message("Goodbye.", 6, participant_role="bot"), navigation(at=7))["ended"] == status


def test_a_hand_over_is_not_taken_back() -> None:
    assert ended(QUICK, message(), answer(at=5, status="handed_over"), message(at=10))["ended"] == "handed_over"


def test_asking_for_a_hand_over_is_not_the_platforms_word() -> None:
    only = nervous(protocols=(replace(HAND_OVER, when=Conditions()),))
    state, _ = told(only, message(FURIOUS))
    assert state.handed_over
    assert ended(only, message(FURIOUS))["ended"] == "silent"


def turned(one: dict[str, Any]) -> tuple[bool, int | None, int | None]:
    return one["raised"], one["raised_at"], one["recovered_at"]


def test_never_raised_is_null_not_zero() -> None:
    assert turned(ended(QUICK, message(CALM))) == (False, None, None)


def test_when_frustration_was_raised_first_and_when_it_was_over() -> None:
    raised = [message(CALM, -60), message(FURIOUS)]
    assert turned(ended(QUICK, *raised)) == (True, moment(0), None)
    calmed = [*raised, message(GLAD, 60), message(GLAD, 120), message(GLAD, 180)]
    assert turned(ended(QUICK, *calmed)) == (False, moment(0), moment(120))
    again = [*calmed, message(FURIOUS, 240)]
    assert turned(ended(QUICK, *again)) == (True, moment(0), None)
    over = [*again, message(GLAD, 300), message(GLAD, 360)]
    assert turned(ended(QUICK, *over)) == (False, moment(0), moment(360))


def test_what_behaviour_raised_between_two_turns_is_dated_by_the_behaviour() -> None:
    config = nervous(belief=BeliefConfig(threshold=2.6, clear=0.4))
    config = replace(config, signals=SignalConfig(navigation_share=1.0))
    clicks = [navigation("click", 5.0 + i, error_ms=5.0) for i in range(4)]
    assert turned(ended(config, message(FURIOUS))) == (False, None, None)
    assert turned(ended(config, message(FURIOUS), *clicks)) == (True, moment(8), None)


def test_what_a_voice_calmed_between_two_turns_is_dated_by_the_voice() -> None:
    config = replace(nervous(), signals=SignalConfig(prosody_sd=0.3))
    usual = [prosody(-30 + 2.0 * i) for i in range(8)]
    softer = [prosody(10 + 2.0 * i, loudness_db=-30.0, f0_semitones=20.0) for i in range(10)]
    assert turned(ended(config, *usual, message(FURIOUS), *softer)) == (False, moment(0), moment(10))


def test_nobody_recovers_before_frustration_was_raised() -> None:
    late = [message(FURIOUS, 100), message(GLAD, 20), message(GLAD, 30)]
    assert turned(ended(QUICK, *late)) == (False, moment(100), moment(100))


@pytest.mark.parametrize(("share", "holdout"), [(0.0, False), (1.0, True)])
@pytest.mark.parametrize("customer", [None, "u1"])
def test_it_says_whether_the_customer_is_in_the_holdout(share: float, holdout: bool, customer: str | None) -> None:
    assert ended(nervous(holdout_share=share), message(customer_id=customer))["holdout"] is holdout


def test_it_names_its_settings() -> None:
    assert ended(nervous(), message())["config_version"] == nervous().version


def test_a_conversation_that_began_before_this_was_told_is_told_as_far_as_it_is_known() -> None:
    state, _ = told(QUICK, message(FURIOUS), message(FURIOUS, 30))
    upgraded = msgspec.structs.replace(state, course=ConversationSummary())
    [one] = of(lifecycle.end(upgraded, "c1", QUICK), "distal_outcome")
    assert (one["turns"], one["highest"], one["raised"], one["raised_at"]) == (2, 0.0, True, None)
    signals = log(message(FURIOUS), message(FURIOUS, 30), *(message(GLAD, 60.0 * i) for i in range(1, 6)))[2:]
    later, _ = fold_all(signals, QUICK, upgraded)
    [one] = of(lifecycle.end(later, "c1", QUICK), "distal_outcome")
    assert (one["raised"], one["raised_at"]) == (False, None)
    assert one["recovered_at"] is not None
