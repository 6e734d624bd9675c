"""Decision points: when, whether, what, and that all of it is on record."""

from typing import Any

import pytest

from streams import ids
from streams.config.model import Config, OutcomeConfig
from streams.interventions.options import Adaptation, Conditions, Constraints, InterventionOption, constraints_record
from streams.outputs import Output
from streams.policy import policy
from tests.support.data.builders import (
    CALM,
    FURIOUS,
    HAND_OVER,
    OFFER,
    SLOW,
    answer,
    message,
    moment,
    nervous,
    of,
    option,
    told,
)

QUICK = OutcomeConfig(window_turns=1, margin=0.001)
ONE_WAY = (SLOW, HAND_OVER)


def furies(*times: float, **changes: Any) -> list[dict[str, Any]]:
    return [message(FURIOUS, at, **changes) for at in times]


def decisions(config: Config, *events: dict[str, Any]) -> list[dict[str, Any]]:
    return of(told(config, *events)[1], "decision")


def test_a_decision_is_drawn_from_what_it_says_and_can_be_drawn_again() -> None:
    config = nervous(control_share=0.25)
    [decision] = decisions(config, *furies(0))
    chances = [(one["option"], one["probability"]) for one in decision["propensities"]]
    assert chances == [("control", 0.25), ("slow", 0.375), ("offer", 0.375)]
    assert decision["eligible"] == ["slow", "offer"]
    assert decision["lottery"] == ids.lottery(decision["decision_id"], config.decision.salt)
    assert (decision["option"], decision["propensity"]) == policy.draw_option(chances, decision["lottery"])


def test_while_an_outcome_is_awaited_there_is_no_decision_point() -> None:
    assert len(decisions(nervous(), *furies(0, 10, 20))) == 1


def test_control_is_left_alone_but_recorded_and_judged() -> None:
    state, outputs = told(nervous(control_share=1.0), *furies(0))
    [decision] = of(outputs, "decision")
    assert (decision["available"], decision["control"], decision["option"], decision["propensity"]) == (
        True,
        True,
        "control",
        1.0,
    )
    assert of(outputs, "intervention") == []
    assert state.window is not None
    assert state.spent == 0.0


def test_an_intervention_says_what_to_do_until_when_and_why() -> None:
    state, outputs = told(nervous(protocols=ONE_WAY), *furies(0))
    [decision], [intervention] = of(outputs, "decision"), of(outputs, "intervention")
    assert intervention["decision_id"] == intervention["intervention_id"] == decision["decision_id"]
    assert (intervention["option"], intervention["guidance"]) == ("slow", SLOW.guidance)
    assert intervention["expires_at"] == moment(600)
    assert intervention["reason"].startswith("The frustration signal rose, mostly by text.")
    assert intervention["escalation"] is False
    assert state.spent == 1.0


def test_a_repeat_waits_for_the_cooldown_and_the_wait_is_recorded() -> None:
    config = nervous(outcome=OutcomeConfig(window_turns=1, margin=9.0), cooldown_s=60.0)
    found = decisions(config, *furies(0, 30, 59.999, 60))
    assert [(one["kind"], one["unavailable_reason"]) for one in found] == [
        ("first", None),
        ("repeat", "cooldown"),
        ("repeat", "cooldown"),
        ("repeat", None),
    ]
    assert [one["decision_index"] for one in found] == [1, 2, 3, 4]
    waiting = found[1]
    assert (waiting["available"], waiting["propensities"], waiting["lottery"], waiting["option"]) == (
        False,
        [],
        None,
        None,
    )


def test_after_a_failure_another_way_is_tried_at_once() -> None:
    config = nervous(outcome=QUICK, protocols=(SLOW, OFFER, HAND_OVER))
    first, second = decisions(config, *furies(0, 30))
    assert (second["kind"], second["previous_decision_id"]) == ("reroute", first["decision_id"])
    assert second["excluded"] == [first["option"]]
    assert first["option"] not in second["eligible"]
    assert second["available"]


def test_repeated_failures_hand_over_and_nobody_is_left_alone_for_the_experiment() -> None:
    config = nervous(
        outcome=QUICK, protocols=(SLOW, OFFER, option("third"), HAND_OVER), control_share=0.0, max_failures=1
    )
    _, outputs = told(config, *furies(0, 30, 60, 90))
    first, last = of(outputs, "decision")
    assert last["kind"] == "escalation"
    assert last["propensities"] == [
        {"option": "control", "probability": 0.0},
        {"option": "hand-over", "probability": 1.0},
    ]
    assert (last["option"], last["propensity"]) == ("hand-over", 1.0)
    assert [one["escalation"] for one in of(outputs, "intervention")] == [False, True]
    assert last["previous_decision_id"] == first["decision_id"]


def test_even_where_most_are_left_alone_a_last_resort_is_not() -> None:
    config = nervous(outcome=QUICK, protocols=ONE_WAY, control_share=0.9, max_failures=1)
    escalated = 0
    for i in range(150):
        found = decisions(config, *furies(0, 30, conversation_id=f"c{i}"))
        last = [one for one in found if one["kind"] == "escalation"]
        escalated += len(last)
        assert all(one["option"] == "hand-over" for one in last)
    assert escalated > 5


def test_once_handed_over_there_are_no_more_decisions() -> None:
    at_once: tuple[InterventionOption, ...] = (option("human", hand_over=True),)
    found = decisions(nervous(outcome=QUICK, protocols=at_once), *furies(0, 100, 200, 300))
    assert len(found) == 1


@pytest.mark.parametrize(("burden", "reason"), [(1.0, "burden"), (1.5, "no_option"), (2.0, None)])
def test_a_conversation_bears_so_much_and_no_more(burden: float, reason: str | None) -> None:
    config = nervous(
        protocols=ONE_WAY, burden=burden, outcome=OutcomeConfig(window_turns=1, margin=9.0), cooldown_s=0.0
    )
    first, second, *_ = decisions(config, *furies(0, 100))
    assert first["available"]
    assert second["unavailable_reason"] == reason


def test_a_last_resort_is_no_burden_and_no_condition_keeps_it_away() -> None:
    human = option("human", burden=3.0, after=4, hand_over=True, level_below=-1.0)
    config = nervous(protocols=(SLOW, human), burden=1.0, outcome=QUICK, max_failures=1)
    first, last = decisions(config, *furies(0, 30))
    assert (first["option"], last["kind"], last["option"], last["propensity"]) == ("slow", "escalation", "human", 1.0)


def test_a_reroute_follows_the_ladder_of_what_failed() -> None:
    config = nervous(protocols=(option("slow", then=("third",)), option("third", after=1), OFFER), outcome=QUICK)
    found = [decisions(config, *furies(0, 30, conversation_id=f"c{i}")) for i in range(20)]
    after = {first["option"]: second["eligible"] for first, second in found}
    assert after == {"slow": ["third"], "offer": ["slow", "third"]}


def test_an_intervention_carries_the_constraints_of_this_customer_and_moment() -> None:
    shorter = Adaptation(Conditions(turn_at_least=2), (("max_sentences", 2), ("pace", "slow")))
    config = nervous(protocols=(option("slow", adapt=(shorter,)), HAND_OVER))
    for events, expected in (
        (furies(0), Constraints()),
        ([message(CALM), *furies(60)], Constraints(max_sentences=2, pace="slow")),
    ):
        [intervention] = of(told(config, *events)[1], "intervention")
        assert intervention["constraints"] == constraints_record(expected)


def test_where_no_option_fits_the_channel_that_is_recorded_too() -> None:
    config = nervous(protocols=(option("call", channels=("voice",)), HAND_OVER))
    [decision] = decisions(config, *furies(0))
    assert (decision["available"], decision["unavailable_reason"], decision["eligible"]) == (False, "no_option", [])


@pytest.mark.parametrize("status", ["resolved", "handed_over", "abandoned"])
def test_a_conversation_that_just_ended_is_no_decision_point(status: str) -> None:
    assert decisions(nervous(), *furies(0, status=status)) == []


def test_an_operators_words_are_no_decision_point() -> None:
    assert decisions(nervous(), message(FURIOUS, 0, status="resolved"), answer(at=1)) == []


def test_what_the_policy_saw_is_recorded() -> None:
    _, decision = decisions(nervous(outcome=QUICK), message(CALM), *furies(60, 120))
    assert decision["context"] == {
        "level": decision["level"],
        "level_sd": decision["level_sd"],
        "slope": decision["slope"],
        "alarm": decision["alarm"],
        "turn": 3.0,
        "failures": 1.0,
        "minutes": 2.0,
        "returning": 0.0,
        "tone": 0.0,
        "slow_channel": 0.0,
        "voice": 0.0,
    }


@pytest.mark.parametrize(
    ("kind", "share", "reason"),
    [
        ("first", 0.5, "The frustration signal rose, mostly by a."),
        ("repeat", -0.5, "The frustration signal is still raised, mostly by no single signal."),
        ("reroute", 0.5, "The last intervention did not help, mostly by a."),
        ("escalation", 0.5, "Interventions failed repeatedly, mostly by a."),
    ],
)
def test_the_reason_is_one_sentence(kind: str, share: float, reason: str) -> None:
    from streams.conversations.decision import because

    assert because({"kind": kind, "contributions": [{"signal": "a", "share": share}]}) == reason


def test_decisions_of_one_conversation_have_ids_of_their_own() -> None:
    config = nervous(outcome=QUICK, control_share=1.0)  # nobody steps in, so the conversation goes on
    outputs: list[Output] = told(config, *furies(0, 70, 140, 210, 280))[1]
    found = of(outputs, "decision")
    assert len(found) > 2
    assert len({one["decision_id"] for one in found}) == len(found)
