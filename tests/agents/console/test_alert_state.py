"""Which alert commands are in force: the newest one for all teams, and newer ones of single teams."""

from typing import Any

from agents.console.alert_state import FROM_CONSOLE, AlertCommandLog, CommandTarget, LatestCommand
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.records import record
from tests.support.data.records import alert_command

CODEC = Codec()
TARGET = CommandTarget("default", "c1")
NOW = 1_000_000


def log_of(*commands: dict[str, Any]) -> AlertCommandLog:
    """A log with these commands, in the order of the topic."""
    log = AlertCommandLog(Settings(_env_file=None))
    for command in commands:
        key = f"{command['tenant']} {command['conversation_id']} {command['team']}"
        log.add(key, CODEC.encode(record("alert_command"), command))
    return log


def command(at: int, action: str = "acknowledge", **changes: Any) -> dict[str, Any]:
    until = NOW + 1000 if action == "snooze" else None
    return alert_command(1, **{"event_time": at, "action": action, "until": until, **changes})


def actions(commands: list[LatestCommand]) -> list[tuple[str | None, str]]:
    return [(latest.team, latest.action) for latest in commands]


def test_the_newest_command_counts_and_one_for_all_teams_ends_older_ones() -> None:
    first = [command(1), command(2, "snooze", team="night"), command(3, team="day")]
    assert actions(log_of(*first).commands_about(TARGET)) == [
        (None, "acknowledge"),
        ("night", "snooze"),
        ("day", "acknowledge"),
    ]
    resumed = log_of(*first, command(4, "resume", team="night"))
    assert actions(resumed.commands_about(TARGET))[-1] == ("night", "resume")
    assert actions(log_of(*first, command(5, "resume")).commands_about(TARGET)) == [(None, "resume")]
    assert log_of(*first).commands_about(CommandTarget("other", "c1")) == []


def test_a_tombstone_removes_a_command_and_an_unreadable_record_does_not() -> None:
    log = log_of(command(1), command(2, team="day"))
    log.add("default c1 day", b"no record of ours")
    assert actions(log.commands_about(TARGET)) == [(None, "acknowledge"), ("day", "acknowledge")]
    log.add("default c1 day", None)
    log.add("unknown", None)
    assert actions(log.commands_about(TARGET)) == [(None, "acknowledge")]


def test_snoozed_teams_are_known_until_the_snooze_ends() -> None:
    log = log_of(command(1, "snooze", conversation_id=None, team="night"), command(1, "snooze"))
    assert actions(log.snoozed_teams(NOW)) == [("night", "snooze")]
    assert log.snoozed_teams(NOW + 1000) == []
    resumed = log_of(
        command(1, "snooze", conversation_id=None, team="night"),
        command(2, "resume", conversation_id=None, team="night"),
    )
    assert resumed.snoozed_teams(NOW) == []


def test_the_default_reason_of_the_console_is_not_shown() -> None:
    assert log_of(command(1, reason=FROM_CONSOLE)).commands_about(TARGET)[0].reason is None
    assert log_of(command(1, reason="on it")).commands_about(TARGET)[0].reason == "on it"
