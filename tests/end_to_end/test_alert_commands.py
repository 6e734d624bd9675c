"""Commands about alerts are obeyed and erased while alerts are delivered."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.alerting import commands
from agents.common.pseudonyms import pseudonymize
from schemas.topics import Name
from tests.support.alert_delivery import raised, rejected, routes, taken_back
from tests.support.deployment import Deployment, eventually
from tests.support.servers.alert_receivers import Hook, Inbox, http, smtp


@pytest.fixture
def receivers() -> Iterator[tuple[Inbox, Hook]]:
    with smtp() as inbox, http() as hook:
        yield inbox, hook


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
    eventually(
        lambda: "alert-2" in {delivery["alert_id"] for delivery in rejected(deployment, "acknowledged")}, "the other"
    )
    assert {body["conversation_id"] for body in hook.bodies} == {"c1"}
