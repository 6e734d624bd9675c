"""The records that a platform sees on its bus."""

from schemas.topics import Name
from tests.support.bus_events import ANGRY, CALM, burst, click, conversation, message, now_ms
from tests.support.deployment import Deployment, eventually

START = now_ms() - 3_600_000


def test_every_customer_turn_gives_one_point_in_order(running: Deployment) -> None:
    running.send(Name.MESSAGES, *conversation("in-order", [CALM] * 5, START))
    points = eventually(lambda: len(points := running.points("in-order")) >= 5 and points, "five points")
    assert [point["turn"] for point in points] == [1, 2, 3, 4, 5]


def test_frustration_rises_and_an_intervention_goes_out_with_its_outcome(running: Deployment) -> None:
    for number in range(12):  # the lottery leaves about one in five alone
        running.send(Name.MESSAGES, *conversation(f"angry-{number}", [CALM, *[ANGRY] * 11], START))

    def decided() -> bool:
        decisions = [d for d in running.decoded(Name.DECISIONS) if d["conversation_id"].startswith("angry-")]
        return len({d["conversation_id"] for d in decisions}) == 12

    eventually(decided, "a decision in every conversation")
    interventions = eventually(lambda: running.decoded(Name.INTERVENTIONS), "an intervention")
    assert all(i["guidance"] and i["prompt"] and i["expires_at"] > i["event_time"] for i in interventions)
    outcomes = eventually(lambda: running.decoded(Name.OUTCOMES), "an outcome")
    decisions = {d["decision_id"]: d for d in running.decoded(Name.DECISIONS)}
    assert all(decisions[o["decision_id"]]["option"] == o["option"] for o in outcomes)
    alerts = eventually(lambda: running.decoded(Name.ALERTS), "an alert")
    assert {alert["rule"] for alert in alerts} >= {"frustration_raised"}


def test_a_worker_counts_its_draws_and_how_far_it_is_behind(running: Deployment) -> None:
    """After the test above: with its decisions."""
    (worker,) = running.workers
    chosen = [
        decision for decision in running.decoded(Name.DECISIONS) if decision["available"] and not decision["holdout"]
    ]
    controls = sum(decision["control"] for decision in chosen)
    assert running.metric(worker, 'tenor_decisions_drawn_total{what="control"}') == controls
    assert running.metric(worker, 'tenor_decisions_drawn_total{what="intervention"}') == len(chosen) - controls
    assert 0 < running.metric(worker, "tenor_control_expected_total") < len(chosen)
    behind = f'tenor_lag_records{{topic="{running.settings.topics.name(Name.SIGNALS)}"}}'
    eventually(lambda: running.metric(worker, behind) == 0, "nothing is left to fold")
    assert behind in running.metrics(worker)


def test_propensities_sum_to_one_and_the_draw_can_be_repeated(running: Deployment) -> None:
    from streams.ids import lottery

    running.send(Name.MESSAGES, *conversation("audit", [ANGRY] * 8, START))
    decisions = eventually(
        lambda: [d for d in running.decoded(Name.DECISIONS) if d["available"]], "an available decision"
    )
    for decision in decisions:
        assert abs(sum(p["probability"] for p in decision["propensities"]) - 1) < 1e-9
        assert decision["lottery"] == lottery(decision["decision_id"], running.settings.decision.salt)


def test_outputs_carry_cloud_event_headers(running: Deployment) -> None:
    running.send(Name.MESSAGES, message("headers"))
    eventually(lambda: running.points("headers"), "the point")
    for message_ in running.read(Name.TRAJECTORIES):
        assert message_.header("ce_specversion") == "1.0"
        assert message_.header("ce_type") == "tenor.TrajectoryPoint"
        assert message_.header("ce_id")
        assert message_.header("tenor-version") == "1"


def test_json_is_accepted_on_every_input_topic(running: Deployment) -> None:
    from schemas.json_form import to_json

    json_type = {"content-type": b"application/json"}
    running.produce(
        [
            (Name.MESSAGES, "json", to_json(message("json")), json_type),
            (Name.KEYSTROKES, "json", to_json(burst("json")), json_type),
            (Name.NAVIGATION, "json", to_json(click("json")), json_type),
        ]
    )

    def kinds() -> set[str]:
        return {s["kind"] for s in running.decoded(Name.SIGNALS) if s["conversation_id"] == "json"}

    eventually(lambda: kinds() == {"message", "keystrokes", "navigation"}, "three signals")


def test_signals_hold_no_text(running: Deployment) -> None:
    canary = "xylophone quagmire"
    running.send(Name.MESSAGES, message("canary", f"I am so disappointed, {canary}!"))
    eventually(lambda: running.points("canary"), "the point")
    for name in (Name.SIGNALS, Name.TRAJECTORIES, Name.DECISIONS, Name.OUTCOMES, Name.ALERTS):
        assert not any(b"xylophone" in (output.value or b"") for output in running.read(name))
    log = "".join(path.read_text() for path in running.directory.glob("*.log"))
    assert "xylophone" not in log
