"""What people said about alerts: acknowledged, or snoozed for a time. One compacted topic, keyed by alert.

The only module of the console that knows how such a command is published and read. Where the deployment has no such
topic, the console shows no buttons for it.
"""

import json
from typing import Any, NamedTuple

from agents import kafka
from agents.clock import now_ms
from agents.dead_letter_queue import DeadLetterQueue
from agents.kafka import admin, metadata
from agents.log_reader import read_partition
from agents.outbox import Outgoing
from agents.settings import Settings

TOPIC = "tenor.alert-commands"
ACTIONS = ("acknowledge", "snooze", "reopen")


class Said(NamedTuple):
    """The last word on an alert. Times are milliseconds since 1970; ``until`` only where it is snoozed."""

    action: str
    until: int | None
    by: str
    at: int

    def handled(self, now: int) -> bool:
        """Whether the alert needs nobody for now."""
        return self.action == "acknowledge" or (self.action == "snooze" and (self.until or 0) > now)


def publish_command(settings: Settings, alert: str, action: str, by: str, until: int | None = None) -> Said:
    """Say something about an alert; returned once the broker has it. ``DeliveryFailed`` when it has not."""
    said = Said(action, until, by, now_ms())
    value = json.dumps({"alert_id": alert, **said._asdict()}).encode()
    DeadLetterQueue(settings).send([Outgoing(topic=settings.topics.name(TOPIC), key=alert.encode(), value=value)])
    return said


def topic_exists(settings: Settings) -> bool:
    """``Failure`` when the broker does not answer."""
    return settings.topics.name(TOPIC) in metadata(admin(settings), settings).topics


class Commands:
    """The last word on each alert, read on from where it was read last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read: dict[kafka.Position, int] = {}
        self.said: dict[str, Said] = {}

    def refresh(self) -> dict[str, Said]:
        """Read what was said since; ``Failure`` when the broker does not answer."""
        positions = kafka.partitions_of(self._settings, [self._settings.topics.name(TOPIC)])
        for position, end in kafka.end_offsets(self._settings, positions).items():
            for record in read_partition(self._settings, position, end, self._read.get(position, 0)):
                self._take(record.key, record.value)
            self._read[position] = end
        return self.said

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        alert = (key or b"").decode(errors="replace")
        if value is None:
            self.said.pop(alert, None)
            return
        try:
            self.said[alert] = of_record(json.loads(value))
        except (ValueError, KeyError, TypeError):
            return  # nothing of ours; what was said before stays


def of_record(datum: dict[str, Any]) -> Said:
    if datum["action"] not in ACTIONS:
        raise ValueError(datum["action"])
    until = datum.get("until")
    return Said(datum["action"], None if until is None else int(until), str(datum["by"]), int(datum["at"]))
