"""``tenor alerts ack|snooze|resume|test``: what a person asks about alerts."""

import getpass
import re
import threading
from collections.abc import Container
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.alerting.destinations import destinations
from agents.alerting.dispatcher import AlertDispatcher, Receipt
from agents.alerting.routes import routes_of
from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.common.pseudonyms import pseudonymize
from agents.kafka import operator_command, topic_reader
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.producer import Producer
from agents.kafka.record_reader import decode_or_none
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.records import record
from schemas.topics import Name
from streams import ids
from streams.alerts.messages import Message
from streams.alerts.rules import sample_alert
from streams.outputs import Output

LENGTH = re.compile(r"(\d{1,6})([mhd])")
SECONDS = {"m": 60, "h": 3600, "d": 86_400}
TEST_PATIENCE_S = 10.0
COMMAND = record("alert_command")


def duration_ms(text: str) -> int:
    """Milliseconds of a duration such as ``30m``, ``2h`` or ``1d``; ``Failure`` for anything else."""
    found = LENGTH.fullmatch(text.strip().lower())
    if found is None or not int(found[1]):
        raise Failure(f'Invalid duration "{text}"; use 30m, 2h or 1d.')
    return int(found[1]) * SECONDS[found[2]] * 1000


def publish_command(
    settings: Settings,
    action: str,
    tenant: str,
    conversation_id: str | None,
    team: str | None,
    by: str | None,
    reason: str,
    until: int | None = None,
    alert_id: str | None = None,
) -> None:
    """Ask whoever delivers alerts to say less, or more again. ``Failure`` where it is about nothing."""
    if conversation_id is None and team is None:
        raise Failure("Neither a conversation nor a team is given.", "Give CONVERSATION, --team, or both.")
    topics.require_all(settings)
    command: dict[str, Any] = {
        "command_id": uuid4().hex,
        "event_time": now_ms(),
        "tenant": tenant,
        "target": ids.stable_id("target", tenant, conversation_id or "", team or ""),
        "conversation_id": conversation_id,
        "team": team,
        "alert_id": alert_id,
        "action": action,
        "until": until,
        "by": by or getpass.getuser(),
        "reason": reason,
    }
    output = Output("alert_command", command["command_id"], command)
    operator_command.publish(settings, output)


def erase(settings: Settings, tenant: str, conversations: Container[str]) -> int:
    """Publish tombstones for all commands about some conversations; returns how many. Raises ``DeliveryFailed``.

    Args:
        conversations: hashes of their ids.
    """
    topic, codec = settings.topics.name(Name.ALERT_COMMANDS), codec_for(settings)
    about: set[bytes | None] = set()
    for consumed in topic_reader.read(settings, [topic]):
        if consumed.value is None:
            about.discard(consumed.key)
            continue
        command = decode_or_none(codec, COMMAND, consumed)
        if command and command["tenant"] == tenant and pseudonymize(command["conversation_id"] or "") in conversations:
            about.add(consumed.key)
    Producer(settings).send([OutgoingRecord(topic, key, None) for key in about])
    return len(about)


def test(settings: Settings, team: str | None, severity: str) -> dict[str, list[Receipt]]:
    """Send a sample alert to every team, or to one, past all limits; what became of it. Needs no broker."""
    routes = routes_of(settings)
    names = [one.name for one in routes.teams]
    if team is not None and team not in names:
        raise Failure(f"there is no team {team}", f"the teams are {', '.join(names)}")
    places = {one.name: destinations(one, settings.console_url) for one in routes.teams if team in (None, one.name)}
    at = now_ms()
    alert = sample_alert(severity, at)
    postman = AlertDispatcher(places, min(TEST_PATIENCE_S, settings.alert_patience_s), threading.Event())
    told = {}
    for name in places:
        about = alert["tenant"], alert["conversation_id"], severity, at
        message_id = ids.stable_id("message", name, "test", at)
        told[name] = postman.deliver(Message(message_id, "test", name, *about, alerts=(alert,)))
    postman.close()
    return told


def render(told: dict[str, list[Receipt]], console: Console) -> None:
    """Print what became of a test, destination by destination."""
    table = Table("team", "destination", "result", "attempts", box=None)
    for team, receipts in told.items():
        for one in receipts:
            result = "delivered" if one.reason is None else f"not delivered: {one.reason}"
            table.add_row(escape(team), escape(one.destination), escape(result), str(one.attempts))
    console.print(table)
