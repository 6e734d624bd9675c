"""Alerts leave: from the bus through the running role to a mail server and a webhook, once, and people can say stop."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.alerting import commands
from agents.common.pseudonyms import pseudonymize
from schemas.topics import Name
from tests.support.bus_events import now_ms
from tests.support.data import records
from tests.support.data.alerts import alert
from tests.support.deployment import Deployment, eventually
from tests.support.servers.alert_receivers import SECRET, Hook, Inbox, http, part, smtp

NUMBERS = itertools.count(100)


@pytest.fixture
def receivers() -> Iterator[tuple[Inbox, Hook]]:
    with smtp() as inbox, http() as hook:
        yield inbox, hook


def routes(directory: Path, inbox: Inbox, hook: Hook) -> Path:
    webhook = {"url": hook.url, "secret": SECRET}
    team = {"name": "support", "apprise": [inbox.url], "webhooks": [webhook], "at_most": 4, "group_s": 600}
    path = directory / "routes.yaml"
    path.write_text(json.dumps({"teams": [team], "routes": [{"team": "support"}]}))  # JSON is YAML
    return path


def raised(number: int, conversation_id: str, **changes: Any) -> dict[str, Any]:
    return alert(number, conversation_id, **({"event_time": now_ms()} | changes))


def settled(deployment: Deployment) -> list[dict[str, Any]]:
    return [one for one in deployment.decoded(Name.DELIVERIES) if one["kind"] == "alert"]


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
    assert {one["status"] for one in settled(deployment)} == {"delivered"}

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


def test_what_was_asked_about_a_conversation_can_be_erased_while_alerts_are_delivered(
    new_deployment: Callable[..., Deployment], receivers: tuple[Inbox, Hook], tmp_path: Path
) -> None:
    inbox, hook = receivers
    deployment = new_deployment(alert_routes=routes(tmp_path, inbox, hook))
    courier = deployment.start("alerts")
    for conversation_id in ("c1", "c2"):
        commands.publish_command(
            deployment.settings, "acknowledge", "default", conversation_id, None, "lead-3", "on it"
        )
    eventually(lambda: taken_back(deployment, "c2"), "the acknowledgements work")
    assert commands.erase_commands(deployment.settings, "default", {pseudonymize("c1")}) == 1
    commands.publish_command(
        deployment.settings, "acknowledge", "default", "c3", None, "lead-3", "behind the tombstone"
    )
    eventually(lambda: taken_back(deployment, "c3"), "it goes on")
    assert courier.stop(10) is None

    deployment.start("alerts")  # who reads the topic from its beginning
    deployment.send(Name.ALERTS, raised(1, "c1"), raised(2, "c2"))
    eventually(lambda: hook.bodies, "the alert that nobody has taken any more")
    eventually(lambda: "alert-2" in {one["alert_id"] for one in rejected(deployment, "acknowledged")}, "the other")
    assert {body["conversation_id"] for body in hook.bodies} == {"c1"}


def rejected(deployment: Deployment, reason: str) -> list[dict[str, Any]]:
    return [one for one in settled(deployment) if one["reason"] == reason]


def taken_back(deployment: Deployment, conversation_id: str) -> bool:
    """Whether an alert of a conversation that somebody has is no longer told."""
    deployment.send(Name.ALERTS, raised(next(NUMBERS), conversation_id, severity="info"))
    return conversation_id in {one["conversation_id"] for one in rejected(deployment, "acknowledged")}
