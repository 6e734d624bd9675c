"""What people said about alerts: acknowledged, or snoozed for a time. The topic ``tenor.alert-commands``.

The only module of the console that knows how such a command is published and read: as ``tenor alerts`` does. A command
is about a conversation: whoever acknowledges one of its alerts has it. The latest for all teams counts, and what single
teams said since. A team may also want to hear nothing at all for a while.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from agents.alerting import commands
from agents.kafka import client
from agents.kafka.client import admin_client, metadata
from agents.kafka.topic_reader import read_partition
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Name

FROM_CONSOLE = "from the console"

Subject = tuple[str, str | None]  # tenant and conversation; a team's word on all of its alerts is about none
NOBODY: Subject = ("", None)


class CommandTarget(NamedTuple):
    """What a command is about."""

    tenant: str
    conversation_id: str


class LatestCommand(NamedTuple):
    """A person's word on alerts. Times are milliseconds since 1970; ``until`` where they are snoozed, ``team`` where it
    is one team's word."""

    alert: str | None
    action: str
    until: int | None
    by: str
    at: int
    team: str | None
    reason: str | None

    def covers(self, alert: str, written: int, now: int) -> bool:
        """Whether an alert written at a time needs nobody for now. Acknowledged is what could be seen then."""
        if self.action == "snooze":
            return (self.until or 0) > now
        return self.action == "acknowledge" and (alert == self.alert or written <= self.at)


def word(command: Mapping[str, Any]) -> LatestCommand:
    return LatestCommand(
        command["alert_id"],
        command["action"],
        command["until"],
        command["by"],
        command["event_time"],
        command["team"],
        None if command["reason"] == FROM_CONSOLE else command["reason"],
    )


def publish_from_console(
    settings: Settings, action: str, about: CommandTarget, alert: str, by: str, until: int | None = None
) -> None:
    """Acknowledge, snooze or resume; returns once Kafka acknowledged it, raises ``DeliveryFailed``."""
    tenant, conversation_id = about
    commands.publish_command(settings, action, tenant, conversation_id, None, by, FROM_CONSOLE, until, alert)


def topic_exists(settings: Settings) -> bool:
    """``Failure`` when the broker does not answer."""
    return settings.topics.name(Name.ALERT_COMMANDS) in metadata(admin_client(settings), settings).topics


class AlertCommandLog:
    """The last word on each conversation's alerts, and each team's, read on from where it was read last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._codec = codec_for(settings)
        self._read: dict[client.Position, int] = {}
        self._subjects: dict[str, Subject] = {}
        self._said: dict[Subject, dict[str, LatestCommand]] = {}

    def about(self, about: CommandTarget) -> list[LatestCommand]:
        """What counts of what was said of a conversation: for all teams first, then what single teams said since."""
        words = list(self._said.get(about, {}).values())
        of_all = max((one for one in words if one.team is None), key=at, default=None)
        of_teams = sorted((one for one in words if one.team is not None), key=at)
        return [*([of_all] if of_all else []), *(one for one in of_teams if of_all is None or one.at > of_all.at)]

    def snoozed(self, now: int) -> list[LatestCommand]:
        """The teams that are told nothing at all for now."""
        words = (one for (_, conversation), said in self._said.items() if conversation is None for one in said.values())
        return sorted((one for one in words if one.team and one.covers("", 0, now) and one.action == "snooze"), key=at)

    def refresh(self) -> None:
        """Read what was said since; ``Failure`` when the broker does not answer."""
        positions = client.partitions_of(self._settings, [self._settings.topics.name(Name.ALERT_COMMANDS)])
        for position, end in client.end_offsets(self._settings, positions).items():
            for one in read_partition(self._settings, position, end, self._read.get(position, 0)):
                self._take((one.key or b"").decode(errors="replace"), one.value)
            self._read[position] = end

    def _take(self, key: str, value: bytes | None) -> None:
        try:
            command = self._codec.decode(record("alert_command"), value, {}) if value is not None else None
        except Rejected:
            return  # nothing of ours; what was said before stays
        self._said.get(self._subjects.get(key, NOBODY), {}).pop(key, None)
        if command is not None:
            subject = self._subjects[key] = command["tenant"], command["conversation_id"]
            self._said.setdefault(subject, {})[key] = word(command)


def at(said: LatestCommand) -> int:
    return said.at
