"""What became of an alert, as records of tenor.alert-deliveries. Counted, and never with content."""

from collections.abc import Iterator, Sequence
from typing import Any

from agents.alerting.dispatcher import Receipt
from agents.common import metrics
from streams import ids
from streams.alerts.messages import Alert, Message
from streams.alerts.team_notifications import Suppress
from streams.outputs import Output


def of_suppressed(one: Suppress, now: int) -> Output:
    """An alert that a team was not told of."""
    about = {"kind": "alert", "team": one.team, "message_id": None, "destination": "", **of_alert(one.alert)}
    return delivery(about, now, "suppressed", 0, one.reason)


def of_delivered(message: Message, receipts: Sequence[Receipt], now: int) -> Iterator[Output]:
    """A message, at each destination, with each alert it told."""
    for receipt in receipts:
        for alert in message.alerts if message.kind == "alert" else [None]:
            about = of_message(message) if alert is None else of_alert(alert)
            about |= {"kind": message.kind, "team": message.team, "message_id": message.message_id}
            about |= {"destination": receipt.destination}
            status = "delivered" if receipt.reason is None else "failed"
            yield delivery(about, now, status, receipt.attempts, receipt.reason)


def of_alert(alert: Alert) -> dict[str, Any]:
    return {name: alert[name] for name in ("tenant", "conversation_id", "alert_id", "severity", "rule")}


def of_message(message: Message) -> dict[str, Any]:
    return {
        "tenant": message.tenant,
        "conversation_id": message.conversation_id,
        "alert_id": message.message_id,
        "severity": message.severity,
        "rule": "",
    }


def delivery(about: dict[str, Any], now: int, status: str, attempts: int, reason: str | None) -> Output:
    metrics.ALERTS_SETTLED.labels(about["team"], status, reason or "").inc()
    delivery_id = ids.stable_id("delivery", about["team"], about["destination"], about["alert_id"])
    settled = {"event_time": now, "status": status, "attempts": attempts, "reason": reason}
    return Output("alert_delivery", delivery_id, {"delivery_id": delivery_id, **about, **settled})
