"""Ticks advance stream time: outcome windows close without new messages."""

from collections.abc import Callable

from agents.recordings import replay
from schemas.topics import Name
from tests.support.bus_events import ANGRY, conversation, message, now_ms
from tests.support.deployment import Deployment, eventually

START = now_ms() - 3_600_000


def test_silence_closes_an_outcome_window_by_a_tick(new_deployment: Callable[..., Deployment]) -> None:
    deployment = new_deployment(tick_lateness_s=0.0)
    deployment.start_worker()
    deployment.send(Name.MESSAGES, *conversation("silent", [ANGRY] * 7, START)[:-1])
    eventually(lambda: any(d["available"] for d in deployment.decoded(Name.DECISIONS)), "a decision")
    assert any(d["available"] for d in deployment.decoded(Name.DECISIONS))
    replay.publish_closing_tick(deployment.settings, START + 7 * 60_000)

    def closed() -> bool:
        available = {d["decision_id"] for d in deployment.decoded(Name.DECISIONS) if d["available"]}
        return available == {o["decision_id"] for o in deployment.decoded(Name.OUTCOMES)}

    eventually(closed, "an outcome for every decision")


def test_ticks_follow_the_events(new_deployment: Callable[..., Deployment]) -> None:
    deployment = new_deployment(tick_lateness_s=0.0)
    deployment.start_worker()
    deployment.send(Name.MESSAGES, message("ticking", event_time=START))
    ticks = eventually(
        lambda: [s for s in deployment.decoded(Name.SIGNALS) if s["kind"] == "tick"], "a tick after the event"
    )
    assert all(START <= tick["event_time"] < START + 60_000 for tick in ticks)
