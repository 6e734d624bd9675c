"""What people said about alerts: acknowledged, or snoozed for a time. The topic ``tenor.alert-commands``.

The only module of the console that knows how such a command is published and read. A command is about a conversation:
whoever acknowledges one of its alerts has it. The latest command about a conversation counts.
"""

from typing import NamedTuple

from agents import kafka
from agents.alert_commands import give
from agents.kafka import admin, metadata
from agents.log_reader import read_partition
from agents.registry import codec_for
from agents.settings import Settings
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Name
from streams import ids

FROM_CONSOLE = "from the console"


class About(NamedTuple):
    """What a command is about."""

    tenant: str
    conversation_id: str


class Said(NamedTuple):
    """The last word on a conversation's alerts. Times are milliseconds since 1970; ``until`` where it is snoozed."""

    alert: str | None
    action: str
    until: int | None
    by: str
    at: int

    def covers(self, alert: str, written: int, now: int) -> bool:
        """Whether an alert written at a time needs nobody for now. Acknowledged is what could be seen then."""
        if self.action == "snooze":
            return (self.until or 0) > now
        return self.action == "acknowledge" and (alert == self.alert or written <= self.at)


def publish_command(
    settings: Settings, action: str, about: About, alert: str, by: str, until: int | None = None
) -> None:
    """Acknowledge, snooze or resume; returned once the broker has it. ``DeliveryFailed`` when it has not."""
    give(settings, action, about.tenant, about.conversation_id, None, by, FROM_CONSOLE, until, alert)


def target(about: About) -> str:
    """Key of a command about a conversation, whatever the team."""
    return ids.stable_id("target", about.tenant, about.conversation_id, "")


def topic_exists(settings: Settings) -> bool:
    """``Failure`` when the broker does not answer."""
    return settings.topics.name(Name.ALERT_COMMANDS) in metadata(admin(settings), settings).topics


class Commands:
    """The last word on each conversation's alerts, read on from where it was read last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._codec = codec_for(settings)
        self._read: dict[kafka.Position, int] = {}
        self._said: dict[str, Said] = {}

    def about(self, about: About) -> Said | None:
        return self._said.get(target(about))

    def refresh(self) -> None:
        """Read what was said since; ``Failure`` when the broker does not answer."""
        positions = kafka.partitions_of(self._settings, [self._settings.topics.name(Name.ALERT_COMMANDS)])
        for position, end in kafka.end_offsets(self._settings, positions).items():
            for one in read_partition(self._settings, position, end, self._read.get(position, 0)):
                self._take((one.key or b"").decode(errors="replace"), one.value)
            self._read[position] = end

    def _take(self, key: str, value: bytes | None) -> None:
        if value is None:
            self._said.pop(key, None)
            return
        try:
            command = self._codec.decode(record("alert_command"), value, {})
        except Rejected:
            return  # nothing of ours; what was said before stays
        self._said[key] = Said(*(command[name] for name in ("alert_id", "action", "until", "by", "event_time")))
