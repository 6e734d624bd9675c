"""The page of alerts in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from agents.alerting import commands as alert_commands
from agents.common.clock import now_ms
from agents.settings.model import Settings
from schemas.topics import Name
from streams import ids
from tests.agents.console.pages import (
    ASKED,
    DELIVERIES,
    RISING,
    Open,
    deliveries_of,
    published,
)
from tests.agents.console.serving import talk
from tests.support.data.records import alert, alert_command
from tests.support.data.warehouse import ALERTS, POINTS, insert

pytestmark = pytest.mark.integration


def test_an_alert_is_snoozed_acknowledged_and_reopened(deployment: Settings, console: str, open_page: Open) -> None:
    for number in (1, 2):
        told = {"tenant": "inbox", "conversation_id": f"case-{number}", "title": f"Case {number} needs a person"}
        insert(deployment, ALERTS, [alert(number, **told, alert_id=f"inbox-{number}", event_time=now_ms() + number)])
    about_policy = {
        "tenant": "inbox",
        "conversation_id": None,
        "title": "An option was rolled back",
        "severity": "info",
    }
    insert(deployment, ALERTS, [alert(3, **about_policy, alert_id="inbox-3")])
    page = open_page(f"{console}/alerts")
    case = page.locator(".alerts > li", has_text="Case 1 needs a person")
    expect(case).to_contain_text("Take over")
    policy = page.locator(".alerts > li", has_text="An option was rolled back")
    expect(policy.get_by_role("button")).to_have_count(0)
    page.get_by_label("Your name").fill("Noor")
    case.get_by_role("button", name="Acknowledge").click()
    expect(case).to_have_count(0)
    other = page.locator(".alerts > li", has_text="Case 2 needs a person")
    other.get_by_label("Snooze for").select_option("240")
    other.get_by_role("button", name="Snooze").click()
    expect(other).to_have_count(0)

    commands = published(deployment, Name.ALERT_COMMANDS, "alert_command")
    assert [(one["action"], one["by"], one["alert_id"], one["conversation_id"]) for one in commands] == [
        ("acknowledge", "Noor", "inbox-1", "case-1"),
        ("snooze", "Noor", "inbox-2", "case-2"),
    ]
    assert commands[1]["until"] == pytest.approx(now_ms() + 4 * 3_600_000, abs=60_000)

    colleague = open_page(f"{console}/alerts?handled=1")
    taken = colleague.locator(".alerts > li", has_text="Case 1 needs a person")
    expect(taken).to_contain_text("by Noor")
    taken.get_by_role("button", name="Reopen").click()
    expect(taken).to_have_count(0)
    expect(case).to_have_count(1)
    case.get_by_role("link", name="case-1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("case-1")


def test_an_alert_has_details_and_deliveries(deployment: Settings, console: str, open_page: Open) -> None:
    points = talk("facts", "upset", RISING)
    insert(deployment, POINTS, points)
    at = points[3]["event_time"]
    about = {"tenant": "facts", "conversation_id": "upset", "alert_id": "facts-1"}
    tried = [{"option": "slow", "change": 0.2}, {"option": "control", "change": None}]
    insert(deployment, ALERTS, [alert(1, **about, event_time=at, raised_at=at - 60_000, tried=tried, title="Facts")])
    page = open_page(f"{console}/alerts")
    case = page.locator(".alerts > li", has_text="Facts")
    expect(case.locator(".facts dd")).to_have_text(
        [
            "negative words (75%)",
            "blames us (25%)",
            re.compile(r"^\d\d:\d\d:\d\d$|\d{4}, "),
            "slow: level rose by 0.20",
            "control (no intervention): no customer message afterwards",
            "none recorded yet",
            "rule escalation 2, config v1, policy uniform-1",
        ]
    )
    page.get_by_label("Your name").focus()
    insert(deployment, DELIVERIES, deliveries_of(about))
    told = [
        re.compile(r"^team support via slack-1: delivered after 2 attempts, "),
        re.compile(r"^team support via webhook-1: failed after 9 attempts \(status 500\), "),
        re.compile(r"^team night: suppressed \(quiet_hours\), "),
    ]
    expect(case.locator(".facts > div", has_text="Deliveries").locator("dd")).to_have_text(told)
    expect(page.get_by_label("Your name")).to_be_focused()

    case.get_by_role("link", name="upset").click()
    entry = page.locator(".story .alert")
    expect(entry.locator(".facts > div", has_text="Deliveries").locator("dd")).to_have_text(told)
    expect(entry).to_contain_text("slow: level rose by 0.20")
    insert(
        deployment,
        ASKED,
        [alert_command(1, **about, command_id="facts-c", event_time=now_ms(), until=None, action="acknowledge")],
    )
    expect(page.get_by_label("Commands about its alerts")).to_contain_text("Acknowledged")
    expect(page.get_by_label("Commands about its alerts")).to_contain_text(re.compile("by lead-3 at .*: on it"))


def test_console_and_command_line_share_their_commands(deployment: Settings, console: str, open_page: Open) -> None:
    for number in (1, 2, 3):
        told = {"tenant": "one", "conversation_id": f"lead-{number}", "title": f"Lead {number}"}
        insert(deployment, ALERTS, [alert(number, **told, alert_id=f"one-{number}", event_time=now_ms() + number)])
    page = open_page(f"{console}/alerts")
    cases = [page.locator(".alerts > li", has_text=f"Lead {number}") for number in (1, 2, 3)]
    for case in cases:
        expect(case).to_have_count(1)
    until = now_ms() + 3_600_000
    alert_commands.publish_command(deployment, "acknowledge", "one", "lead-1", "night", "Kim", "on the phone")
    alert_commands.publish_command(deployment, "snooze", "one", "lead-2", "night", "Kim", "not ours", until)
    alert_commands.publish_command(deployment, "snooze", "one", None, "night", "Kim", "a training", until)
    expect(cases[0]).to_have_count(0)
    expect(cases[1]).to_contain_text(re.compile(r"Snoozed for team night until .* by Kim at .*: not ours"))
    expect(page.get_by_label("Snoozed teams")).to_have_text(
        re.compile(r"^Snoozed for team night until .* by Kim at .*: a training\. It receives no alerts\.$")
    )
    page.get_by_label("Your name").fill("Noor")
    cases[2].get_by_role("button", name="Acknowledge").click()
    expect(cases[2]).to_have_count(0)
    [ours] = [
        one for one in published(deployment, Name.ALERT_COMMANDS, "alert_command") if one["conversation_id"] == "lead-3"
    ]
    assert ours["target"] == ids.stable_id("target", "one", "lead-3", ""), (
        "the next command, from anywhere, replaces it"
    )

    alert_commands.publish_command(deployment, "resume", "one", "lead-3", None, "Kim", "no longer")
    expect(cases[2]).to_have_count(1)
    page.get_by_role("button", name="Acknowledged or snoozed").click()
    expect(cases[0]).to_contain_text(re.compile(r"Acknowledged for team night, by Kim at .*: on the phone"))
    cases[0].get_by_role("button", name="Reopen").click()
    expect(cases[0]).to_have_count(0)
    page.get_by_role("button", name="Open", exact=True).click()
    expect(cases[0]).to_have_count(1)
    alert_commands.publish_command(deployment, "resume", "one", None, "night", "Kim", "back")
    expect(page.get_by_label("Snoozed teams")).to_be_hidden()


def test_a_newer_alert_of_an_acknowledged_conversation_is_open(
    deployment: Settings, console: str, open_page: Open
) -> None:
    told = {"tenant": "again", "conversation_id": "worse", "event_time": now_ms()}
    insert(deployment, ALERTS, [alert(1, **told, alert_id="again-1", title="At first")])
    page = open_page(f"{console}/alerts")
    first = page.locator(".alerts > li", has_text="At first")
    first.get_by_role("button", name="Acknowledge").click()
    expect(first).to_have_count(0)
    insert(deployment, ALERTS, [alert(2, **told, alert_id="again-2", title="Now worse")])
    expect(page.locator(".alerts > li", has_text="Now worse")).to_have_count(1)
    expect(first).to_have_count(0)


def test_ten_thousand_alerts_in_a_minute(deployment: Settings, console: str, open_page: Open) -> None:
    flood = [
        alert(1, tenant="flood", alert_id=f"flood-{n}", event_time=now_ms() - 864_000_000 + n) for n in range(10_000)
    ]
    insert(deployment, ALERTS, flood)
    page = open_page(f"{console}/alerts")
    expect(page.locator(".counts")).to_have_text(re.compile(r"^10,0\d\d open alerts: 10,0\d\d critical"))
    expect(page.locator(".alerts > li")).to_have_count(50)
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".paging span")).to_have_text(re.compile(r"^Page 2 of 20\d"))
