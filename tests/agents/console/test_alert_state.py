"""What counts of what people said about alerts, however they said it: for all teams, and for single ones since."""

from typing import Any

from agents.console.alert_state import FROM_CONSOLE, AlertCommandLog, CommandTarget, LatestCommand
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.records import record
from tests.support.data.records import alert_command

CODEC = Codec()
ABOUT = CommandTarget("default", "c1")
NOW = 1_000_000


def said(*commands: dict[str, Any]) -> AlertCommandLog:
    """Commands by key, in the order of the topic."""
    known = AlertCommandLog(Settings(_env_file=None))
    for one in commands:
        key = f"{one['tenant']} {one['conversation_id']} {one['team']}"
        known._take(key, CODEC.encode(record("alert_command"), one))
    return known


def word(at: int, action: str = "acknowledge", **changes: Any) -> dict[str, Any]:
    until = NOW + 1000 if action == "snooze" else None
    return alert_command(1, **{"event_time": at, "action": action, "until": until, **changes})


def actions(words: list[LatestCommand]) -> list[tuple[str | None, str]]:
    return [(one.team, one.action) for one in words]


def test_the_latest_word_of_each_counts_and_one_for_all_teams_ends_those_before() -> None:
    first = [word(1), word(2, "snooze", team="night"), word(3, team="day")]
    assert actions(said(*first).about(ABOUT)) == [
        (None, "acknowledge"),
        ("night", "snooze"),
        ("day", "acknowledge"),
    ]
    assert actions(said(*first, word(4, "resume", team="night")).about(ABOUT))[-1] == ("night", "resume")
    assert actions(said(*first, word(5, "resume")).about(ABOUT)) == [(None, "resume")]
    assert said(*first).about(CommandTarget("other", "c1")) == []


def test_a_word_that_was_taken_out_of_the_topic_or_cannot_be_read() -> None:
    known = said(word(1), word(2, team="day"))
    known._take("default c1 day", b"no record of ours")
    assert actions(known.about(ABOUT)) == [(None, "acknowledge"), ("day", "acknowledge")]
    known._take("default c1 day", None)
    known._take("never heard of", None)
    assert actions(known.about(ABOUT)) == [(None, "acknowledge")]


def test_teams_that_are_told_nothing_are_known_until_it_ends() -> None:
    known = said(word(1, "snooze", conversation_id=None, team="night"), word(1, "snooze"))
    assert actions(known.snoozed(NOW)) == [("night", "snooze")]
    assert known.snoozed(NOW + 1000) == []
    back = said(
        word(1, "snooze", conversation_id=None, team="night"), word(2, "resume", conversation_id=None, team="night")
    )
    assert back.snoozed(NOW) == []


def test_a_reason_nobody_gave_is_not_shown() -> None:
    assert said(word(1, reason=FROM_CONSOLE)).about(ABOUT)[0].reason is None
    assert said(word(1, reason="on it")).about(ABOUT)[0].reason == "on it"
