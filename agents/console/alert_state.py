"""The state of alerts: acknowledged, or snoozed for a time. It follows from the topic ``tenor.alert-commands``.

The only module of the console that publishes and reads these commands, the same ones as ``tenor alerts``. A command
is about a conversation: whoever acknowledges one of its alerts takes all of them. The newest command for all teams
counts, and the newer ones of single teams. A team can also snooze every alert for a while.
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

CommandSubject = tuple[str, str | None]  # tenant and conversation; None for a team's command about all its alerts
NO_SUBJECT: CommandSubject = ("", None)


class CommandTarget(NamedTuple):
    """The conversation a command is about."""

    tenant: str
    conversation_id: str


class LatestCommand(NamedTuple):
    """A person's command about alerts.

    Attributes:
        until: when a snooze ends, milliseconds since 1970; None for other actions.
        at: when it was given, milliseconds since 1970.
        team: the team it is for; None for all teams.
    """

    alert: str | None
    action: str
    until: int | None
    by: str
    at: int
    team: str | None
    reason: str | None

    def handles(self, alert: str, written: int, now: int) -> bool:
        """Whether an alert written at that time needs no action for now; later alerts are not acknowledged."""
        if self.action == "snooze":
            return (self.until or 0) > now
        return self.action == "acknowledge" and (alert == self.alert or written <= self.at)


def read_command(command: Mapping[str, Any]) -> LatestCommand:
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
    settings: Settings, action: str, target: CommandTarget, alert: str, by: str, until: int | None = None
) -> None:
    """Acknowledge, snooze or resume. Returns once the broker has acknowledged; raises ``DeliveryFailed`` otherwise."""
    tenant, conversation_id = target
    commands.publish_command(settings, action, tenant, conversation_id, None, by, FROM_CONSOLE, until, alert)


def topic_exists(settings: Settings) -> bool:
    """Whether alert commands have their topic. Raises ``Failure`` when the broker does not answer."""
    return settings.topics.name(Name.ALERT_COMMANDS) in metadata(admin_client(settings), settings).topics


class AlertCommandLog:
    """The newest command about each conversation's alerts, and of each team; reads on from where it stopped."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._codec = codec_for(settings)
        self._offsets: dict[client.Position, int] = {}
        self._subjects: dict[str, CommandSubject] = {}
        self._commands: dict[CommandSubject, dict[str, LatestCommand]] = {}

    def commands_about(self, target: CommandTarget) -> list[LatestCommand]:
        """The commands in force about a conversation: the one for all teams first, then newer ones of single teams."""
        commands = list(self._commands.get(target, {}).values())
        for_all = max((command for command in commands if command.team is None), key=command_time, default=None)
        for_teams = sorted((command for command in commands if command.team is not None), key=command_time)
        newer = [command for command in for_teams if for_all is None or command.at > for_all.at]
        return [*([for_all] if for_all else []), *newer]

    def snoozed_teams(self, now: int) -> list[LatestCommand]:
        """The snoozes of teams that receive no alerts for now."""
        about_teams = [by_key for (_, conversation), by_key in self._commands.items() if conversation is None]
        commands = [command for by_key in about_teams for command in by_key.values() if command.team]
        snoozes = [command for command in commands if command.action == "snooze" and command.handles("", 0, now)]
        return sorted(snoozes, key=command_time)

    def refresh(self) -> None:
        """Read new commands. Raises ``Failure`` when the broker does not answer."""
        positions = client.partitions_of(self._settings, [self._settings.topics.name(Name.ALERT_COMMANDS)])
        for position, end in client.end_offsets(self._settings, positions).items():
            for consumed in read_partition(self._settings, position, end, self._offsets.get(position, 0)):
                self.add((consumed.key or b"").decode(errors="replace"), consumed.value)
            self._offsets[position] = end

    def add(self, key: str, value: bytes | None) -> None:
        """Add a record; a tombstone removes its command, and a record that cannot be decoded is ignored."""
        try:
            command = self._codec.decode(record("alert_command"), value, {}) if value is not None else None
        except Rejected:
            return
        self._commands.get(self._subjects.get(key, NO_SUBJECT), {}).pop(key, None)
        if command is not None:
            subject = self._subjects[key] = command["tenant"], command["conversation_id"]
            self._commands.setdefault(subject, {})[key] = read_command(command)


def command_time(command: LatestCommand) -> int:
    return command.at
