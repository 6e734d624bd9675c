"""Alerts: few, and each says why and what to do."""

from typing import Any

import pytest

from streams.alerts import rules as alerting
from streams.config.model import Config, OutcomeConfig
from streams.experiment.effects import Evidence
from streams.outputs import Output
from streams.policy.snapshot import PredictionErrors, Snapshot
from tests.support.data.builders import FURIOUS, GLAD, HAND_OVER, SLOW, message, nervous, of, option, published, told

QUICK = OutcomeConfig(window_turns=1, margin=0.001)
CONFIG = nervous(protocols=(SLOW, HAND_OVER), outcome=QUICK, max_failures=1)


def records(config: Config, *said: str) -> list[Any]:
    return told(config, *(message(text, 30.0 * i) for i, text in enumerate(said)))[1]


def alerts(config: Config, *said: str) -> list[dict[str, Any]]:
    """What the team lead hears of a conversation, in order; every alert fits its contract."""
    rules = {"decision": alerting.alert_for_decision, "outcome": alerting.alert_for_outcome}
    results = [rules[record.record](record.datum) for record in records(config, *said) if record.record in rules]
    assert all(published(item) for item in results if item)
    return [item.datum for item in results if item]


def test_the_first_decision_is_told_with_what_to_do() -> None:
    [one] = alerts(CONFIG, FURIOUS)
    assert (one["rule"], one["severity"]) == ("frustration_raised", "warning")
    assert one["recommendation"] == "Answer by slow; its guidance is on tenor.interventions."
    assert one["explanation"].startswith("Level 0.")
    assert "after turn 1, raised just now; " in one["explanation"]
    assert f"strongest signals: {one['evidence'][0]}, " in one["explanation"]
    assert len(one["contributions"]) == len(one["evidence"]) == 3
    assert (one["raised_at"], one["tried"]) == (one["event_time"], [])
    assert (one["rule_version"], one["policy_version"]) == (alerting.VERSION, CONFIG.decision.policy_version)


def test_a_control_is_told_to_be_left_alone() -> None:
    [one] = alerts(nervous(control_share=1.0), FURIOUS)
    assert "left alone on purpose" in one["recommendation"]


def test_where_nothing_was_possible_the_reason_is_told() -> None:
    [one] = alerts(nervous(protocols=(option("call", channels=("voice",)), HAND_OVER)), FURIOUS)
    assert one["recommendation"] == "No intervention was possible (no_option); read along."


def test_a_failure_and_the_hand_over_are_told() -> None:
    raised, failed, over = alerts(CONFIG, FURIOUS, FURIOUS)
    assert [item["rule"] for item in (raised, failed, over)] == [
        "frustration_raised",
        "intervention_failed",
        "handed_over",
    ]
    assert (failed["title"], failed["recommendation"]) == ("slow did not help", alerting.TAKE_OVER)
    assert "over 1 customer turns" in failed["explanation"]
    assert failed["outcome_id"] is not None
    assert failed["raised_at"] == over["raised_at"] == raised["event_time"]
    assert [item["option"] for item in failed["tried"]] == ["slow"]
    assert failed["tried"] == over["tried"]
    assert failed["tried"][0]["change"] > 0
    assert "Tried before: slow, then it rose by 0." in over["explanation"]
    assert "Tried before" not in failed["explanation"]  # it is what the alert is about
    assert failed["evidence"] == alerting.labels.describe_strongest(failed["contributions"]) != []
    assert (over["severity"], over["recommendation"]) == ("critical", alerting.TAKE_OVER)


def test_a_failure_with_another_way_left_says_so() -> None:
    config = nervous(protocols=(SLOW, option("offer"), HAND_OVER), outcome=QUICK, max_failures=2)
    failed = alerts(config, FURIOUS, FURIOUS)[1]
    assert failed["recommendation"] == "Another way is tried next; read along."


def test_a_failure_after_a_hand_over_says_to_look_whether_a_person_is_there() -> None:
    over = message(FURIOUS, 30, status="handed_over")
    [failed] = of(told(CONFIG, message(FURIOUS), over)[1], "outcome")
    alert = alerting.alert_for_outcome(failed)
    assert alert is not None
    assert alert.datum["recommendation"] == "A person should have the conversation by now; make sure of it."


def test_repeats_and_what_helped_are_not_told() -> None:
    calm = nervous(protocols=(SLOW, HAND_OVER), outcome=OutcomeConfig(window_turns=1, margin=9.0), cooldown_s=0.0)
    assert len(alerts(calm, FURIOUS, FURIOUS, FURIOUS, GLAD)) == 1


def test_an_alert_has_one_id_however_often_it_is_made() -> None:
    decision = of(records(CONFIG, FURIOUS), "decision")[0]
    first, second = alerting.alert_for_decision(decision), alerting.alert_for_decision(decision)
    assert first is not None
    assert first == second
    assert first.id == first.datum["alert_id"]


def test_every_alert_of_a_conversation_has_an_id_of_its_own() -> None:
    result = alerts(CONFIG, FURIOUS, FURIOUS)
    assert len({item["alert_id"] for item in result}) == 3


@pytest.mark.parametrize("shares", [[], [{"signal": "a", "share": -1.0}]])
def test_where_no_signal_stands_out_that_is_said(shares: list[dict[str, Any]]) -> None:
    told_about = {"level": 0.1, "level_sd": 0.05, "turn": 2, "contributions": shares, "raised_at": None, "tried": []}
    assert alerting.explain(told_about).endswith("strongest signals: none single.")


def test_what_was_tried_is_told_with_how_it_went() -> None:
    tried = [("slow", 0.2), ("control", -0.1), ("offer", None)]
    told_of = alerting.describe_tried([{"option": option, "change": change} for option, change in tried])
    assert told_of == (
        " Tried before: slow, then it rose by 0.20; left alone, then it fell by 0.10; "
        "offer, then the customer did not write."
    )


@pytest.mark.parametrize(
    ("raised_at", "told_of"),
    [(None, ""), (0, ", raised for 9 min"), (480_001, ", raised just now"), (600_000, ", raised just now")],
)
def test_since_when_is_told_where_it_is_known(raised_at: int | None, told_of: str) -> None:
    assert alerting.describe_duration({"event_time": 540_000, "raised_at": raised_at}) == told_of


def test_only_the_last_four_attempts_are_told() -> None:
    quick = nervous(
        protocols=(SLOW, HAND_OVER), outcome=OutcomeConfig(window_turns=1, margin=9.0), cooldown_s=0.0, burden=99.0
    )
    decisions = of(records(quick, *[FURIOUS] * 8), "decision")
    assert [len(decision["tried"]) for decision in decisions] == [0, 1, 2, 3, 4, 4, 4, 4]


def test_the_sample_is_an_alert_like_any_other() -> None:
    assert published(Output("alert", "x", alerting.sample_alert("info", 0)))


def test_we_never_say_that_somebody_is_angry() -> None:
    for alert in alerts(CONFIG, FURIOUS, FURIOUS):
        assert "angry" not in repr(alert).lower()


# What concerns the policy

HARMFUL = Evidence(500, -450.0, 500 * (0.81 + 0.09), 500.0)
SCARCE = Evidence(40, -36.0, 40 * (0.81 + 0.09), 40.0)
FOUND = Snapshot("default", evidence={"slow": HARMFUL, "offer": SCARCE}, disabled=frozenset({"slow", "offer"}))


def rolled_back(found: Snapshot, *before: str) -> list[dict[str, Any]]:
    outputs = alerting.alerts_for_snapshot(found, set(before), Config(protocols=(SLOW, option("offer"))))
    assert all(published(output) for output in outputs)
    return [output.datum for output in outputs]


def test_an_option_that_is_rolled_back_is_told_with_its_evidence() -> None:
    [one] = rolled_back(FOUND, "offer")
    assert (one["rule"], one["severity"]) == ("option_rolled_back", "critical")
    assert one["title"] == "slow is no longer chosen"
    assert one["explanation"].startswith("Over 500 decisions that could have been either, its reward is -0.900 ")
    assert one["recommendation"].endswith("tenor policy enable slow")
    assert (one["conversation_id"], one["level"], one["decision_id"]) == (None, None, None)


def test_an_option_that_a_person_disabled_is_not_accused() -> None:
    [one] = rolled_back(FOUND, "slow")
    assert (one["title"], one["explanation"]) == ("offer is no longer chosen", "A person disabled it.")


def test_what_was_out_of_use_before_is_not_told_again() -> None:
    assert rolled_back(FOUND, "slow", "offer") == []
    assert rolled_back(Snapshot("default", evidence={"slow": HARMFUL})) == []


def test_several_at_once_are_told_one_by_one_and_each_has_its_id() -> None:
    result = rolled_back(FOUND)
    assert [item["title"].split()[0] for item in result] == ["offer", "slow"]
    ids = {item["alert_id"] for item in result}
    assert ids == {item["alert_id"] for item in rolled_back(FOUND)}
    assert len(ids) == 2


def test_a_later_roll_back_of_the_same_option_is_another_alert() -> None:
    [one] = rolled_back(FOUND, "offer")
    [other] = rolled_back(Snapshot("default", evidence=FOUND.evidence, disabled=FOUND.disabled, matured=9), "offer")
    assert one["alert_id"] != other["alert_id"]


def test_drift_is_told_where_a_snapshot_forgot() -> None:
    snapshot = Snapshot("default", errors=PredictionErrors((0.04, 0.09)), forgot=True)
    [one] = rolled_back(snapshot)
    assert (one["rule"], one["severity"]) == ("policy_drift", "warning")
    assert "by 0.300 (root mean square)" in one["explanation"]
    assert rolled_back(Snapshot("default", errors=PredictionErrors((0.04, 0.09)))) == []
