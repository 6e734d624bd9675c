"""Outcomes: what the trajectory did after a decision, and what follows."""

from dataclasses import replace
from typing import Any

import pytest

from streams.config.model import Config, OutcomeConfig
from streams.conversations import outcome
from streams.interventions.options import Conditions
from streams.signals.extraction import Event
from streams.state import NEVER, State
from tests.support.data.builders import CALM, FURIOUS, GLAD, HAND_OVER, SLOW, answer, message, moment, nervous, of, told

CONFIG = nervous(protocols=(SLOW, HAND_OVER), outcome=OutcomeConfig(window_turns=2, margin=0.02))
CONTROL = nervous(protocols=(SLOW, HAND_OVER), outcome=CONFIG.outcome, control_share=1.0)
AT_ONCE = nervous(protocols=(replace(HAND_OVER, when=Conditions()),), outcome=CONFIG.outcome)


def judged(config: Config, *said: tuple[str, float]) -> tuple[State, dict[str, Any]]:
    """The first outcome of a conversation that begins with fury."""
    state, outputs = told(config, message(FURIOUS), *(message(text, at) for text, at in said))
    return state, of(outputs, "outcome")[0]


def followed(config: Config, *events: Event) -> dict[str, Any]:
    """The only outcome of a conversation that begins with fury."""
    [one] = of(told(config, message(FURIOUS), *events)[1], "outcome")
    return one


def test_it_matures_after_so_many_turns() -> None:
    _, one = judged(CONFIG, (CALM, 10), (CALM, 20))
    assert (one["status"], one["turns"], one["elapsed_s"], one["censoring_reason"]) == ("matured", 2, 20.0, None)
    assert one["event_time"] == moment(20)


def test_it_matures_by_time_as_of_the_moment_it_was_due() -> None:
    _, one = judged(CONFIG, (CALM, 10), (CALM, 1000))
    assert (one["status"], one["turns"], one["elapsed_s"]) == ("matured", 1, 600.0)
    assert one["event_time"] == moment(600)


def test_a_turn_at_the_very_moment_it_is_due_is_too_late() -> None:
    assert judged(CONFIG, (CALM, 600))[1]["turns"] == 0
    assert judged(CONFIG, (CALM, 599.999), (CALM, 600))[1]["turns"] == 1


def test_where_the_customer_never_wrote_it_is_censored_and_unknown_is_null() -> None:
    _, one = judged(CONFIG, (CALM, 700))
    assert (one["status"], one["censoring_reason"]) == ("censored", "no_turns")
    assert (one["post_level"], one["post_sd"], one["reward"]) == (None, None, None)
    assert (one["failed"], one["action"]) == (False, "none")


def test_an_operators_answer_is_no_customer_turn() -> None:
    _, outputs = told(CONFIG, message(FURIOUS), answer(at=5), answer(at=6), answer(at=7), message(CALM, 700))
    assert of(outputs, "outcome")[0]["turns"] == 0


def test_the_reward_is_the_level_before_minus_the_level_after() -> None:
    for said in (GLAD, FURIOUS):
        state, one = judged(CONFIG, (said, 60), (said, 120))
        assert one["reward"] == pytest.approx(one["pre_level"] - one["post_level"])
        assert one["post_level"] == pytest.approx(state.belief.level)
    assert judged(CONFIG, (GLAD, 60), (GLAD, 120))[1]["reward"] > 0.0
    assert judged(CONFIG, (FURIOUS, 60), (FURIOUS, 120))[1]["reward"] < 0.0


def test_what_helped_is_reinforced() -> None:
    state, one = judged(CONFIG, (GLAD, 60), (GLAD, 120))
    assert (one["failed"], one["action"]) == (False, "reinforce")
    assert (state.failures, state.excluded) == (0, ())


def test_what_changed_little_neither_failed_nor_helped() -> None:
    wide = nervous(protocols=(SLOW, HAND_OVER), outcome=OutcomeConfig(window_turns=2, margin=0.9))
    for said in (GLAD, FURIOUS):
        assert judged(wide, (said, 60), (said, 120))[1]["action"] == "none"


def test_what_failed_is_excluded_and_the_next_turn_reroutes() -> None:
    state, one = judged(CONFIG, (FURIOUS, 60), (FURIOUS, 120))
    assert (one["failed"], one["action"], one["option"]) == (True, "reroute", "slow")
    assert (state.failures, state.excluded) == (1, ("slow",))
    assert state.window is not None
    assert state.window.option == "hand-over"


def test_after_max_failures_it_escalates() -> None:
    strict = nervous(protocols=(SLOW, HAND_OVER), outcome=CONFIG.outcome, max_failures=1)
    state, one = judged(strict, (FURIOUS, 60), (FURIOUS, 120))
    assert one["action"] == "escalate"
    assert state.handed_over


def test_control_never_fails_and_never_helps() -> None:
    for said in (GLAD, FURIOUS):
        state, one = judged(CONTROL, (said, 60), (said, 120))
        assert (one["control"], one["failed"], one["action"]) == (True, False, "none")
        assert one["reward"] is not None
        assert (state.failures, state.excluded, state.failed) == (0, (), None)


def test_the_end_of_the_conversation_closes_the_window_early() -> None:
    _, outputs = told(CONFIG, message(FURIOUS), message(GLAD, 60, status="resolved"))
    [one] = of(outputs, "outcome")
    assert (one["status"], one["turns"], one["elapsed_s"]) == ("matured", 1, 60.0)


def test_a_turn_that_both_completes_and_resolves_is_judged_once() -> None:
    _, outputs = told(CONFIG, message(FURIOUS), message(GLAD, 60), message(GLAD, 120, status="resolved"))
    [one] = of(outputs, "outcome")
    assert (one["status"], one["turns"]) == ("matured", 2)


def test_an_outcome_repeats_what_was_decided() -> None:
    _, outputs = told(CONFIG, message(FURIOUS), message(GLAD, 60), message(GLAD, 120))
    [decision], [one] = of(outputs, "decision"), of(outputs, "outcome")
    for name in ("decision_id", "option", "control", "propensity", "tenant", "conversation_id", "config_version"):
        assert one[name] == decision[name], name
    assert (one["pre_level"], one["pre_sd"]) == (decision["level"], decision["level_sd"])
    assert one["decided_at"] == decision["event_time"]


def test_without_a_window_there_is_nothing_to_close() -> None:
    state, _ = told(CONFIG, message(CALM))
    assert outcome.deadline(state, CONFIG.outcome) == NEVER
    assert outcome.close(state, "c1", moment(9), "no_turns", CONFIG) == (state, [])
    assert outcome.count_turn(state, "c1", CONFIG) == (state, [])


@pytest.mark.parametrize("role", ["operator", "bot"])
@pytest.mark.parametrize("text", ["Let me look.", None])
def test_an_intervention_is_delivered_where_somebody_answered(role: str, text: str | None) -> None:
    said = answer(text, 5) | {"participant_role": role}
    assert followed(CONFIG, said, message(CALM, 10), message(CALM, 20))["delivered"] is True
    assert (
        followed(CONFIG, message(CALM, 10), said | {"event_time": moment(15)}, message(CALM, 20))["delivered"] is True
    )


def test_an_intervention_nobody_could_obey_is_not_delivered() -> None:
    assert followed(CONFIG, message(CALM, 10), message(CALM, 20))["delivered"] is False
    assert followed(CONFIG, message(CALM, 700))["delivered"] is False


def test_an_answer_too_early_or_too_late_delivers_nothing() -> None:
    assert followed(CONFIG, answer(at=-5), message(CALM, 10), message(CALM, 20))["delivered"] is False
    assert followed(CONFIG, answer(at=600))["delivered"] is False
    assert followed(CONFIG, answer(at=599.999), answer(at=700))["delivered"] is True
    _, outputs = told(CONFIG, answer(at=-5), message(FURIOUS), message(CALM, 10), message(CALM, 20))
    assert of(outputs, "outcome")[0]["delivered"] is False


def test_an_answer_that_ends_the_conversation_is_an_answer() -> None:
    assert followed(CONFIG, answer(at=5, status="resolved"))["delivered"] is True


def test_where_nothing_was_sent_there_is_no_delivery_to_speak_of() -> None:
    assert followed(CONTROL, answer(at=5), message(CALM, 10), message(CALM, 20))["delivered"] is None


def test_every_window_asks_for_an_answer_of_its_own() -> None:
    said = [message(FURIOUS), answer(at=5), *(message(FURIOUS, 60.0 * i) for i in range(1, 5))]
    assert [one["delivered"] for one in of(told(CONFIG, *said)[1], "outcome")] == [True, False]


OVER = answer(at=5, status="handed_over")


def test_where_the_platform_hands_over_by_itself_what_followed_overlaps_and_counts_as_assigned() -> None:
    one = followed(CONFIG, OVER, message(FURIOUS, 60), message(FURIOUS, 120))
    assert (one["status"], one["censoring_reason"], one["turns"], one["elapsed_s"]) == ("overlapped", None, 2, 120.0)
    assert one["reward"] == pytest.approx(one["pre_level"] - one["post_level"])
    assert one["reward"] < 0.0
    assert (one["failed"], one["action"]) == (True, "none")
    calm = followed(CONFIG, OVER, message(GLAD, 60), message(GLAD, 120))
    assert (calm["status"], calm["failed"], calm["action"]) == ("overlapped", False, "none")
    assert calm["reward"] > 0.0


def test_a_hand_over_within_a_control_window_overlaps_too() -> None:
    one = followed(CONTROL, OVER, message(CALM, 10), message(CALM, 20))
    assert (one["status"], one["reward"] is None, one["delivered"]) == ("overlapped", False, None)


@pytest.mark.parametrize(("then", "reason"), [({}, "no_turns"), ({"status": "resolved"}, "ended")])
def test_overlapped_where_the_customer_never_wrote_nothing_was_seen(then: dict[str, str], reason: str) -> None:
    one = followed(CONFIG, OVER, answer(at=700 if not then else 90, **then))
    assert (one["status"], one["censoring_reason"], one["reward"]) == ("overlapped", reason, None)
    assert (one["post_level"], one["failed"], one["action"]) == (None, False, "none")


def test_the_turn_that_brings_the_hand_over_and_fills_the_window_is_overlapped_and_calls_for_nothing() -> None:
    one = followed(CONFIG, message(FURIOUS, 60), message(FURIOUS, 120, status="handed_over"))
    assert (one["status"], one["turns"], one["failed"], one["action"]) == ("overlapped", 2, True, "none")


def test_a_hand_over_that_was_chosen_is_obeyed_and_does_not_overlap_or_end() -> None:
    one = followed(AT_ONCE, OVER, message(GLAD, 60, status="handed_over"), message(GLAD, 120, status="handed_over"))
    assert (one["option"], one["status"], one["turns"], one["delivered"]) == ("hand-over", "matured", 2, True)
    assert followed(AT_ONCE, OVER, message(CALM, 700))["status"] == "censored"


def test_a_hand_over_after_the_window_is_no_longer_its_own() -> None:
    one = followed(CONFIG, message(CALM, 10), message(CALM, 20), answer(at=21, status="handed_over"))
    assert one["status"] == "matured"


@pytest.mark.parametrize("status", ["resolved", "abandoned"])
def test_who_leaves_in_anger_is_not_left_out(status: str) -> None:
    for events in (
        [message(FURIOUS, 60, status=status)],
        [message(FURIOUS, 60), answer(at=90, status=status)],
    ):
        one = followed(CONFIG, *events)
        assert (one["status"], one["censoring_reason"], one["turns"], one["failed"]) == ("matured", None, 1, True)
        assert one["reward"] < 0.0


@pytest.mark.parametrize("status", ["resolved", "abandoned"])
def test_an_end_before_the_customer_wrote_is_censored_as_ended(status: str) -> None:
    one = followed(CONFIG, answer(at=90, status=status))
    assert (one["status"], one["censoring_reason"], one["elapsed_s"]) == ("censored", "ended", 90.0)
