"""Alerts for a deployment that delivers them, and the delivery records it writes."""

import itertools
import json
from pathlib import Path
from typing import Any

from schemas.topics import Name
from tests.support.bus_events import now_ms
from tests.support.data.alerts import alert
from tests.support.deployment import Deployment
from tests.support.servers.alert_receivers import SECRET, Hook, Inbox

NUMBERS = itertools.count(100)


def routes(directory: Path, inbox: Inbox, hook: Hook) -> Path:
    webhook = {"url": hook.url, "secret": SECRET}
    team = {"name": "support", "apprise": [inbox.url], "webhooks": [webhook], "at_most": 4, "group_s": 600}
    path = directory / "routes.yaml"
    path.write_text(json.dumps({"teams": [team], "routes": [{"team": "support"}]}))  # JSON is YAML
    return path


def raised(number: int, conversation_id: str, **changes: Any) -> dict[str, Any]:
    return alert(number, conversation_id, **({"event_time": now_ms()} | changes))


def settled(deployment: Deployment) -> list[dict[str, Any]]:
    return [delivery for delivery in deployment.decoded(Name.DELIVERIES) if delivery["kind"] == "alert"]


def rejected(deployment: Deployment, reason: str) -> list[dict[str, Any]]:
    return [delivery for delivery in settled(deployment) if delivery["reason"] == reason]


def taken_back(deployment: Deployment, conversation_id: str) -> bool:
    """Whether a new alert of an acknowledged conversation is suppressed."""
    deployment.send(Name.ALERTS, raised(next(NUMBERS), conversation_id, severity="info"))
    return conversation_id in {delivery["conversation_id"] for delivery in rejected(deployment, "acknowledged")}
