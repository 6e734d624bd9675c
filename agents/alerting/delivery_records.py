"""Records of tenor.alert-deliveries: whether an alert was delivered, failed or was suppressed. Never with content."""

from collections.abc import Iterator, Sequence
from typing import Any

from agents.alerting.dispatcher import Receipt
from agents.common import metrics
from streams import ids
from streams.alerts.messages import Alert, Message
from streams.alerts.team_notifications import Suppress
from streams.outputs import Output


def build_suppressed(suppressed: Suppress, now: int) -> Output:
    """The record of an alert that was not sent to a team."""
    fields = {"kind": "alert", "team": suppressed.team, "message_id": None, "destination": ""}
    return build_delivery(fields | alert_fields(suppressed.alert), now, "suppressed", 0, suppressed.reason)


def build_deliveries(message: Message, receipts: Sequence[Receipt], now: int) -> Iterator[Output]:
    """One record per destination and alert of a message."""
    for receipt in receipts:
        for alert in message.alerts if message.kind == "alert" else [None]:
            fields = message_fields(message) if alert is None else alert_fields(alert)
            fields |= {"kind": message.kind, "team": message.team, "message_id": message.message_id}
            fields |= {"destination": receipt.destination}
            status = "delivered" if receipt.reason is None else "failed"
            yield build_delivery(fields, now, status, receipt.attempts, receipt.reason)


def alert_fields(alert: Alert) -> dict[str, Any]:
    return {name: alert[name] for name in ("tenant", "conversation_id", "alert_id", "severity", "rule")}


def message_fields(message: Message) -> dict[str, Any]:
    return {
        "tenant": message.tenant,
        "conversation_id": message.conversation_id,
        "alert_id": message.message_id,
        "severity": message.severity,
        "rule": "",
    }


def build_delivery(fields: dict[str, Any], now: int, status: str, attempts: int, reason: str | None) -> Output:
    metrics.ALERTS_SETTLED.labels(fields["team"], status, reason or "").inc()
    delivery_id = ids.stable_id("delivery", fields["team"], fields["destination"], fields["alert_id"])
    result = {"event_time": now, "status": status, "attempts": attempts, "reason": reason}
    return Output("alert_delivery", delivery_id, {"delivery_id": delivery_id, **fields, **result})
