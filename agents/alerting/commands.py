"""``tenor alerts ack|snooze|resume|test``: commands about alerts, and a test alert."""

import getpass
import re
import threading
from collections.abc import Container
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from agents.alerting.destinations import build_destinations
from agents.alerting.dispatcher import AlertDispatcher, Receipt
from agents.alerting.routes import load_routes
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

DURATION = re.compile(r"(\d{1,6})([mhd])")
SECONDS = {"m": 60, "h": 3600, "d": 86_400}
TEST_PATIENCE_S = 10.0
COMMAND = record("alert_command")


def parse_duration_ms(text: str) -> int:
    """Milliseconds of a duration such as ``30m``, ``2h`` or ``1d``; ``Failure`` for anything else."""
    match = DURATION.fullmatch(text.strip().lower())
    if match is None or not int(match[1]):
        raise Failure(f'Invalid duration "{text}"; use 30m, 2h or 1d.')
    return int(match[1]) * SECONDS[match[2]] * 1000


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
    """Publish a command to the alert delivery service. ``Failure`` without a conversation and a team.

    Args:
        action: ``ack``, ``snooze`` or ``resume``.
        until: end of a snooze, milliseconds.
    """
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


def erase_commands(settings: Settings, tenant: str, conversations: Container[str]) -> int:
    """Publish a tombstone for every command about these conversations; returns how many.

    ``DeliveryFailed`` when the broker does not acknowledge them.

    Args:
        conversations: pseudonyms of their ids.
    """
    topic, codec = settings.topics.name(Name.ALERT_COMMANDS), codec_for(settings)
    erased: set[bytes | None] = set()
    for consumed in topic_reader.read(settings, [topic]):
        if consumed.value is None:
            erased.discard(consumed.key)
            continue
        command = decode_or_none(codec, COMMAND, consumed)
        if command and command["tenant"] == tenant and pseudonymize(command["conversation_id"] or "") in conversations:
            erased.add(consumed.key)
    Producer(settings).send([OutgoingRecord(topic, key, None) for key in erased])
    return len(erased)


def send_test_alert(settings: Settings, team: str | None, severity: str) -> dict[str, list[Receipt]]:
    """Send a sample alert to one team or all, past all limits. Returns receipts by team. Needs no broker."""
    routes = load_routes(settings)
    names = [known.name for known in routes.teams]
    if team is not None and team not in names:
        raise Failure(f'Unknown team "{team}".', f"The routes file has: {', '.join(names)}.")
    teams = [known for known in routes.teams if team in (None, known.name)]
    destinations = {known.name: build_destinations(known, settings.console_url) for known in teams}
    at = now_ms()
    alert = sample_alert(severity, at)
    dispatcher = AlertDispatcher(destinations, min(TEST_PATIENCE_S, settings.alert_patience_s), threading.Event())
    receipts = {}
    for name in destinations:
        about = alert["tenant"], alert["conversation_id"], severity, at
        message_id = ids.stable_id("message", name, "test", at)
        receipts[name] = dispatcher.deliver(Message(message_id, "test", name, *about, alerts=(alert,)))
    dispatcher.close()
    return receipts


def print_receipts(receipts_by_team: dict[str, list[Receipt]], console: Console) -> None:
    """Print the receipts of a test alert, one row per destination."""
    table = Table("team", "destination", "result", "attempts", box=None)
    for team, receipts in receipts_by_team.items():
        for receipt in receipts:
            result = "delivered" if receipt.reason is None else f"not delivered: {receipt.reason}"
            table.add_row(escape(team), escape(receipt.destination), escape(result), str(receipt.attempts))
    console.print(table)
