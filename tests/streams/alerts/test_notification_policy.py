"""The desk: few messages, nothing lost without a reason, memory and messages bounded."""

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.alerts import notification_policy, team_notifications
from streams.alerts.messages import Message
from streams.alerts.notification_policy import NotificationPolicy
from streams.alerts.routes import QuietHours, Route, Routes
from streams.alerts.team_notifications import Action, Send, Suppress
from tests.support.data.alerts import HOUR, MINUTE, NOW, alert, command, routes, team

NIGHT = QuietHours(zone=ZoneInfo("UTC"), start=14 * 60, end=15 * 60)  # NOW lies in it


def sent(actions: list[Action]) -> list[Message]:
    return [action.message for action in actions if isinstance(action, Send)]


def reasons(actions: list[Action]) -> list[str]:
    return [action.reason for action in actions if isinstance(action, Suppress)]


def take(desk: NotificationPolicy, *alerts: dict[str, Any], now: int = NOW) -> list[Action]:
    return [action for alert in alerts for action in desk.handle_alert(alert, now, now)]


def test_an_alert_is_told_at_once_and_once() -> None:
    desk = NotificationPolicy(routes())
    [message] = sent(take(desk, alert()))
    assert (message.kind, message.conversation_id, message.severity) == ("alert", "c1", "warning")
    assert take(desk, alert()) == []
    assert desk.has_seen("alert-1")
    assert not desk.has_seen("alert-2")


def test_what_a_conversation_gives_soon_after_comes_in_one_message() -> None:
    desk = NotificationPolicy(routes())
    take(desk, alert(1))
    assert take(desk, alert(2), alert(3), now=NOW + MINUTE) == []
    assert desk.pending == 2
    assert desk.handle_time(NOW + 5 * MINUTE - 1) == []
    [message] = sent(desk.handle_time(NOW + 5 * MINUTE))
    assert [alert["alert_id"] for alert in message.alerts] == ["alert-3", "alert-2"]
    assert desk.pending == 0


def test_what_is_worse_does_not_wait_and_takes_along_what_waits() -> None:
    desk = NotificationPolicy(routes())
    take(desk, alert(1), alert(2))
    [message] = sent(take(desk, alert(3, severity="critical")))
    assert (message.severity, [alert["alert_id"] for alert in message.alerts]) == ("critical", ["alert-3", "alert-2"])


def test_conversations_and_tenants_are_not_mixed() -> None:
    desk = NotificationPolicy(routes())
    assert len(sent(take(desk, alert(1), alert(2, "c2"), alert(3, tenant="other")))) == 3


def test_alerts_about_the_policy_are_grouped_by_rule() -> None:
    desk = NotificationPolicy(routes())
    result = take(
        desk, *(alert(n, None, rule=rule) for n, rule in enumerate(("policy_drift", "option_rolled_back") * 2))
    )
    assert [message.conversation_id for message in sent(result)] == [None, None]


def test_routes_choose_teams_and_each_is_told_once() -> None:
    both = (team(), team(name="night"))
    wanted = Routes(both, (Route("support"), Route("support", rules=("handed_over",)), Route("night", tenants=("x",))))
    desk = NotificationPolicy(wanted)
    assert [item.team for item in sent(take(desk, alert(1, rule="handed_over")))] == ["support"]
    assert [item.team for item in sent(take(desk, alert(2, tenant="x")))] == ["support", "night"]


def test_an_alert_nobody_wants_is_settled_all_the_same() -> None:
    desk = NotificationPolicy(Routes((team(),), (Route("support", at_least="critical"),)))
    assert reasons(take(desk, alert())) == ["no_route"]


def test_what_comes_too_late_is_not_told() -> None:
    desk = NotificationPolicy(routes())
    assert reasons(desk.handle_alert(alert(), NOW - HOUR - 1, NOW)) == ["stale"]
    assert sent(desk.handle_alert(alert(2), NOW - HOUR, NOW))


def test_beyond_the_limit_is_counted_and_summed_up_later() -> None:
    desk = NotificationPolicy(routes(team(at_most=4)))
    result = take(desk, *(alert(n, f"c{n}") for n in range(40)))
    assert len(sent(result)) == 3  # the last quarter is for what is critical
    assert reasons(result) == ["rate_limited"] * 37
    assert sent(take(desk, alert(40, "c40", severity="critical")))
    assert desk.handle_time(NOW + 5 * MINUTE - 1) == []
    [summary] = sent(desk.handle_time(NOW + 5 * MINUTE))
    assert (summary.kind, summary.more, summary.rules) == ("summary", 37, (("frustration_raised", 37),))
    assert desk.handle_time(NOW + HOUR) == []


def test_after_the_period_there_is_room_again() -> None:
    desk = NotificationPolicy(routes(team(at_most=1)))
    assert len(sent(take(desk, alert(1), alert(2, "c2")))) == 1
    assert len(sent(take(desk, alert(3, "c3"), now=NOW + HOUR))) == 1


def test_in_quiet_hours_only_what_cannot_wait_is_told_and_the_rest_summed_up_after() -> None:
    desk = NotificationPolicy(routes(team(quiet=NIGHT)))
    result = take(desk, alert(1), alert(2, "c2", severity="critical"))
    assert ([item.conversation_id for item in sent(result)], reasons(result)) == (["c2"], ["quiet_hours"])
    assert desk.handle_time(NOW + 20 * MINUTE) == []
    [summary] = sent(desk.handle_time(NOW + HOUR))
    assert (summary.kind, summary.more) == ("summary", 1)


def test_who_has_it_hears_no_more_unless_it_gets_worse() -> None:
    desk = NotificationPolicy(routes())
    take(desk, alert(1), alert(2))
    assert reasons(desk.apply_command(command("acknowledge"), NOW)) == ["acknowledged"]
    assert reasons(take(desk, alert(3), now=NOW + HOUR)) == ["acknowledged"]
    assert sent(take(desk, alert(4, severity="critical"), now=NOW + HOUR))
    assert reasons(take(desk, alert(5), now=NOW + 23 * HOUR)) == ["acknowledged"]
    assert sent(take(desk, alert(6), now=NOW + 25 * HOUR))


def test_a_snooze_ends_and_can_be_taken_back() -> None:
    desk = NotificationPolicy(routes())
    desk.apply_command(command("snooze", until=NOW + HOUR), NOW)
    assert reasons(take(desk, alert(1, severity="critical"))) == ["snoozed"]
    assert sent(take(desk, alert(2, "other")))
    assert sent(take(desk, alert(3), now=NOW + HOUR))
    desk.apply_command(command("snooze", until=NOW + 9 * HOUR), NOW)
    desk.apply_command(command("resume"), NOW)
    assert sent(take(desk, alert(4), now=NOW + 2 * HOUR))


def test_a_team_may_be_snoozed_by_command_or_by_its_routes() -> None:
    desk = NotificationPolicy(routes(team(), team(name="night", snoozed_until=NOW + HOUR)))
    desk.apply_command(command("snooze", conversation_id=None, team="support", until=NOW + HOUR), NOW)
    assert reasons(take(desk, alert())) == ["snoozed", "snoozed"]
    assert len(sent(take(desk, alert(2), now=NOW + HOUR))) == 2


@pytest.mark.parametrize("team_name", [None, "nobody"])
def test_a_command_about_nothing_silences_nobody(team_name: str | None) -> None:
    desk = NotificationPolicy(routes())
    desk.apply_command(command("snooze", conversation_id=None, team=team_name, until=NOW + HOUR), NOW)
    assert sent(take(desk, alert()))


def test_a_recovery_is_told_once_and_drops_what_waits() -> None:
    desk = NotificationPolicy(routes())
    take(desk, alert(1), alert(2))
    assert desk.is_open("c1")
    assert desk.close_conversation("default", "c1", NOW, False, NOW) == []  # older than the alert
    result = desk.close_conversation("default", "c1", NOW + MINUTE, False, NOW + MINUTE)
    assert reasons(result) == ["recovered"]
    assert [item.kind for item in sent(result)] == ["recovery"]
    assert desk.close_conversation("default", "c1", NOW + MINUTE, False, NOW + MINUTE) == []
    assert not desk.is_open("c1")


@pytest.mark.parametrize("changes", [{"recoveries": False}, {"quiet": NIGHT}, {"at_most": 1}])
def test_a_recovery_is_not_worth_disturbing_for(changes: dict[str, Any]) -> None:
    desk = NotificationPolicy(routes(team(**changes)))
    take(desk, alert(severity="critical"))
    assert sent(desk.close_conversation("default", "c1", NOW + 9, False, NOW + MINUTE)) == []


def test_where_it_ended_raised_no_recovery_is_told() -> None:
    desk = NotificationPolicy(routes())
    take(desk, alert(1), alert(2))
    result = desk.close_conversation("default", "c1", NOW + MINUTE, True, NOW + MINUTE)
    assert (reasons(result), sent(result)) == (["ended"], [])


def test_whoever_acknowledged_it_need_not_be_told_that_it_is_over() -> None:
    desk = NotificationPolicy(routes())
    take(desk, alert(1))
    desk.apply_command(command("acknowledge"), NOW)
    assert desk.close_conversation("default", "c1", NOW + MINUTE, False, NOW) == []
    assert sent(take(desk, alert(2), now=NOW + MINUTE))  # a new rise is a new matter


def delivered(one: Message, at: int, status: str = "delivered") -> list[dict[str, Any]]:
    about = [(a["alert_id"], a["rule"], a["severity"]) for a in one.alerts] or [(one.message_id, "", one.severity)]
    return [
        {"alert_id": a, "rule": rule, "severity": severity, "kind": one.kind, "team": one.team, "status": status}
        | {"tenant": one.tenant, "conversation_id": one.conversation_id, "message_id": one.message_id}
        | {"event_time": at, "reason": None}
        for a, rule, severity in about
    ]


def test_a_restart_remembers_what_was_told_and_how_much_room_is_left() -> None:
    first = NotificationPolicy(routes(team(at_most=2)))
    told = [row for item in sent(take(first, alert(1), alert(2, "c2"))) for row in delivered(item, NOW)]
    second = NotificationPolicy(routes(team(at_most=2)))
    for row in told:
        second.restore(row)
    assert take(second, alert(1)) == []
    assert take(second, alert(3)) == []  # gathered with its conversation's
    assert reasons(take(second, alert(4, "c4"))) == ["rate_limited"]
    assert second.is_open("c1")


def test_a_restart_sums_up_what_was_held_back_before() -> None:
    desk = NotificationPolicy(routes())
    row = delivered(Message("m", "alert", "support", "default", "c1", "warning", NOW, (alert(),)), NOW, "suppressed")[0]
    desk.restore(row | {"reason": "rate_limited"})
    [summary] = sent(desk.handle_time(NOW + 5 * MINUTE))
    assert summary.more == 1


def test_ten_thousand_alerts_in_a_minute_are_few_messages_in_bounded_memory() -> None:
    desk = NotificationPolicy(routes(team(), team(name="night", quiet=NIGHT)))
    result: list[Action] = []
    for number in range(10_000):
        now = NOW + number * 6
        result += desk.handle_alert(alert(number, f"c{number % 400}"), now, now) + desk.handle_time(now)
    for later in range(0, 60 * 60, 10):
        result += desk.handle_time(NOW + MINUTE + later * 1000)
    messages = sent(result)
    assert len(messages) <= 2 * (20 + 4)
    assert desk.pending == 0
    told = sum(len(message.alerts) for message in messages)
    assert told + len(reasons(result)) == 2 * 10_000  # each alert, for each team, once
    assert sum(message.more for message in messages if message.kind == "summary") == len(reasons(result))


def test_only_so_many_conversations_and_ids_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team_notifications, "CONVERSATIONS", 10)
    monkeypatch.setattr(notification_policy, "SEEN", 20)
    desk = NotificationPolicy(routes(team(at_most=1000)))
    take(desk, *(alert(n, f"c{n}") for n in range(100)))
    assert [desk.is_open(f"c{n}") for n in (0, 89, 90, 99)] == [False, False, True, True]
    assert [desk.has_seen(f"alert-{n}") for n in (0, 79, 80)] == [False, False, True]


def test_only_so_much_is_gathered() -> None:
    desk = NotificationPolicy(routes())
    result = take(desk, *(alert(n) for n in range(30)))
    assert (len(sent(result)), desk.pending, reasons(result)) == (1, 20, ["rate_limited"] * 9)
    assert len(sent(desk.handle_time(NOW + 5 * MINUTE))[0].alerts) == 20


ALERTS = st.builds(
    lambda number, conversation, severity, rule: alert(number, conversation, severity=severity, rule=rule),
    st.integers(0, 30),
    st.sampled_from(["c1", "c2", None]),
    st.sampled_from(["info", "warning", "critical"]),
    st.sampled_from(["frustration_raised", "handed_over"]),
)
COMMANDS = st.builds(command, st.sampled_from(["acknowledge", "resume"]), conversation_id=st.sampled_from(["c1", "c2"]))
STEPS = st.lists(st.tuples(st.one_of(ALERTS, COMMANDS, st.sampled_from(["c1", "c2"])), st.integers(0, 9 * MINUTE)))


@given(STEPS)
def test_whatever_happens_every_alert_is_settled_once_and_messages_stay_few(steps: list[tuple[Any, int]]) -> None:
    desk, now, found, taken = NotificationPolicy(routes(team(at_most=3, quiet=NIGHT))), NOW, [], set()
    for step, wait in steps:
        now += wait
        if isinstance(step, str):
            found += desk.close_conversation("default", step, now, False, now)
        elif "alert_id" in step:
            taken.add(step["alert_id"])
            found += desk.handle_alert(step, now, now)
        else:
            found += desk.apply_command(step, now)
        found += desk.handle_time(now)
    found += desk.handle_time(now + 2 * 24 * HOUR)
    settled = Counter(item.alert["alert_id"] for item in found if isinstance(item, Suppress))
    settled.update(a["alert_id"] for item in sent(found) for a in item.alerts)
    assert settled == Counter(taken)
    times = [item.at for item in sent(found) if item.kind != "summary"]
    assert all(later - first >= HOUR for first, later in zip(times, times[3:], strict=False))
    ids = [item.message_id for item in sent(found)]
    assert len(ids) == len(set(ids))
