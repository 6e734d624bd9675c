"""Alerts leave: from the bus through the running role to a mail server and a webhook, once, and people can say stop."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.alerting import commands
from schemas.topics import Name
from tests.support.alert_delivery import raised, rejected, routes, settled, taken_back
from tests.support.bus_events import now_ms
from tests.support.data import records
from tests.support.deployment import Deployment, eventually
from tests.support.servers.alert_receivers import Hook, Inbox, http, part, smtp


@pytest.fixture
def receivers() -> Iterator[tuple[Inbox, Hook]]:
    with smtp() as inbox, http() as hook:
        yield inbox, hook


def test_alerts_leave_by_mail_and_webhook_few_and_once(
    new_deployment: Callable[..., Deployment], receivers: tuple[Inbox, Hook], tmp_path: Path
) -> None:
    inbox, hook = receivers
    deployment = new_deployment(alert_routes=routes(tmp_path, inbox, hook), console_url="https://tenor.example")
    courier = deployment.start("alerts")

    deployment.send(Name.ALERTS, raised(1, "c1"), raised(1, "c1"))
    eventually(lambda: inbox.mails and hook.bodies, "the alert at both receivers")
    assert "speaks of waiting (50%)" in part(inbox.mails[0], "html")
    assert hook.bodies[0]["link"] == "https://tenor.example/conversation?tenant=default&id=c1"
    eventually(lambda: len(settled(deployment)) == 2, "a record for each destination")
    assert {delivery["status"] for delivery in settled(deployment)} == {"delivered"}

    # It recovers: the point is newer than the alert, and not raised.
    deployment.send(Name.TRAJECTORIES, records.point(2, conversation_id="c1", event_time=now_ms()))
    eventually(lambda: len(hook.bodies) == 2, "the recovery")
    assert hook.bodies[1]["kind"] == "recovery"

    # Somebody has c2; and of thousands more only a few are told.
    commands.publish_command(deployment.settings, "acknowledge", "default", "c2", None, "lead-3", "on it")
    command = eventually(lambda: deployment.decoded(Name.ALERT_COMMANDS), "the command")
    assert command[0]["by"] == "lead-3"
    eventually(lambda: taken_back(deployment, "c2"), "the acknowledgement works")
    deployment.send(Name.ALERTS, *(raised(1000 + n, f"flood-{n}") for n in range(2000)))
    eventually(lambda: len(rejected(deployment, "rate_limited")) >= 1990, "the flood is settled")
    assert len(hook.bodies) <= 4
    assert hook.forged == 0

    # A restart tells nothing twice, and goes on.
    assert courier.stop(10) is None
    before = len(inbox.mails)
    again = deployment.start("alerts")
    deployment.send(Name.ALERTS, raised(1, "c1"), raised(9001, "c9", severity="critical"))
    eventually(lambda: "c9" in [body["conversation_id"] for body in hook.bodies], "room for what is critical")
    assert [body["conversation_id"] for body in hook.bodies].count("c1") == 2
    assert len(inbox.mails) == before + 1
    assert deployment.metric(again, "tenor_ready") == 1.0
