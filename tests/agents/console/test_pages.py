"""The console in a real browser, with a real ClickHouse and broker: what a team lead sees and does."""

import re
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from agents.alerting import commands as alert_commands
from agents.clickhouse.migrate import migrate
from agents.clickhouse.tables import TABLES
from agents.common.clock import now_ms
from agents.kafka import topic_reader
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import Name
from streams import ids
from tests.agents.console.serving import served, talk
from tests.conftest import drop_database
from tests.support.data.experiments import experiment
from tests.support.data.records import AT, alert, alert_command, command, decision, delivery, distal, outcome, snapshot
from tests.support.data.warehouse import ALERTS, DECISIONS, DISTAL, OUTCOMES, POINTS, POLICY, insert, store

pytestmark = pytest.mark.integration

Open = Callable[..., Page]
RISING = [0.1, 0.2, 0.4, 0.7, 0.8]
OPTION = "offer-options"
DELIVERIES, ASKED = TABLES[Name.DELIVERIES], TABLES[Name.ALERT_COMMANDS]
WALL = 3840


def board(console: str, tenant: str, **filters: str) -> str:
    return f"{console}/?{urlencode({'tenant': tenant, **filters})}"


def rows(page: Page) -> Any:
    return page.locator(".board li")


def names(page: Page) -> list[str]:
    return page.locator(".board .name a").all_text_contents()


def published(settings: Settings, name: Name, record_name: str) -> list[dict[str, Any]]:
    records = topic_reader.read(settings, [settings.topics.name(name)])
    return [Codec().decode(record(record_name), consumed.value, {}) for consumed in records]


def test_an_empty_console_shows_the_first_conversation(deployment: Settings, open_page: Open) -> None:
    own = deployment.model_copy(update={"clickhouse_database": f"{deployment.clickhouse_database}_empty"})
    migrate(own)
    with served(own) as url:
        page = open_page(url)
        expect(page.locator(".empty .what")).to_have_text("No conversations yet")
        page.evaluate("window.loaded = 'once'")
        page.get_by_role("link", name="Alerts").click()
        expect(page.locator(".empty .what")).to_have_text("No alerts in the last 7 days")
        page.get_by_role("link", name="Experiments").click()
        expect(page.locator(".empty .what")).to_have_text("No decisions yet")
        page.go_back()
        page.go_back()
        expect(page.locator(".empty .what")).to_have_text("No conversations yet")
        insert(own, POINTS, talk("default", "the-only-one", [0.3]))
        expect(page.locator(".board .name a")).to_have_text("the-only-one")
        expect(page.locator(".counts")).to_have_text("1 live conversation, 0 raised")
        expect(page.locator(".empty")).to_have_count(0)
        assert page.evaluate("window.loaded") == "once", "a page was reloaded"
        page.context.close()
    drop_database(own)


def test_the_board_follows_what_is_written_and_is_sorted_by_belief(
    deployment: Settings, console: str, open_page: Open
) -> None:
    insert(deployment, POINTS, [one for c in range(4) for one in talk("sorted", f"talk-{c}", [0.1, 0.1 * c])])
    page = open_page(board(console, "sorted"))
    expect(rows(page)).to_have_count(4)
    assert names(page) == ["talk-3", "talk-2", "talk-1", "talk-0"]

    def write() -> None:
        for turn in range(3, 9):
            later = {"turn": turn, "point_id": f"late-{turn}", "event_time": now_ms(), "level": 0.1 * turn}
            insert(deployment, POINTS, [talk("sorted", "talk-0", [0.0])[0] | later | {"raised": turn > 5}])
            time.sleep(0.1)

    writing = threading.Thread(target=write)
    writing.start()
    expect(page.locator(".board .name a").first).to_have_text("talk-0")
    writing.join()
    first = rows(page).first
    expect(first.locator(".level")).to_have_text("+0.80")
    expect(first.locator(".state")).to_have_text("raised")
    expect(first.locator(".who")).to_contain_text("turn 8")
    expect(first.locator("canvas")).to_have_count(1)


def test_a_hidden_page_closes_its_stream(deployment: Settings, console: str, open_page: Open) -> None:
    insert(deployment, POINTS, talk("hidden", "first", [0.1]))
    page = open_page(board(console, "hidden"))
    expect(rows(page)).to_have_count(1)
    see = """hidden => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(see, True)
    insert(deployment, POINTS, talk("hidden", "second", [0.2]))
    page.wait_for_timeout(1000)
    expect(rows(page)).to_have_count(1)
    page.evaluate(see, False)
    expect(rows(page)).to_have_count(2)


def test_decisions_and_outcomes_are_on_the_board(deployment: Settings, console: str, open_page: Open) -> None:
    for conversation in ("stepped-in", "ended"):
        scope = {"tenant": "marks", "conversation_id": conversation}
        points = talk(conversation=conversation, tenant="marks", levels=RISING)
        insert(deployment, POINTS, points)
        of = {**scope, "decision_id": conversation, "event_time": points[2]["event_time"], "turn": 3, "option": OPTION}
        insert(deployment, DECISIONS, [decision(1, **of)])
    page = open_page(board(console, "marks"))
    expect(rows(page)).to_have_count(2)
    expect(page.locator(".note").first).to_have_text(f"{OPTION}: in progress")
    ends = {"tenant": "marks", "conversation_id": "ended", "event_time": now_ms() + 1}
    insert(deployment, OUTCOMES, [outcome(1, **ends, option=OPTION, outcome_id="o-marks")])
    expect(page.locator(".note", has_text="level fell")).to_have_text(f"{OPTION}: level fell")
    insert(deployment, DISTAL, [distal(1, **ends, distal_id="d-marks")])
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Include ended").check()
    expect(rows(page)).to_have_count(2)
    expect(page.locator(".state", has_text="resolved")).to_have_count(1)
    page.get_by_label("Find").fill("STEPPED")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Find").fill("nobody")
    expect(page.locator(".empty .what")).to_have_text("No matching conversations")


def test_a_conversation_is_shown_turn_by_turn_and_opened_by_keyboard(
    deployment: Settings, console: str, open_page: Open
) -> None:
    points = talk("told", "upset", RISING) + talk("told", "calm", [0.1, 0.0])
    insert(deployment, POINTS, points)
    scope = {"tenant": "told", "conversation_id": "upset", "decision_id": "told-1"}
    insert(deployment, DECISIONS, [decision(1, **scope, event_time=points[2]["event_time"], turn=3)])
    insert(deployment, OUTCOMES, [outcome(1, **scope, event_time=points[4]["event_time"], outcome_id="told-o")])
    page = open_page(board(console, "told"))
    page.locator(".board a").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="calm")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("upset")
    expect(page.locator(".story > li")).to_have_count(7)
    whats = page.locator(".story > li").evaluate_all("items => items.map(one => one.className)")
    assert whats == ["turn", "turn", "turn", "decision", "turn", "turn", "outcome"]
    third = page.locator(".story > li").nth(2)
    expect(third).to_contain_text("+0.40")
    expect(third.locator(".shares")).to_contain_text("text")
    third.locator("summary").click()
    expect(third.locator(".signals")).to_contain_text("text: sentiment +0.750")
    expect(page.locator(".story .decision")).to_contain_text("intervention slow")
    expect(page.locator(".story .outcome")).to_contain_text("level fell by 0.20")
    expect(page.locator(".chart canvas")).to_have_count(1)
    insert(deployment, POINTS, talk("told", "upset", [*RISING, 0.9])[-1:])
    expect(page.locator(".story > li")).to_have_count(8)
    expect(third.locator("details")).to_have_attribute("open", "")


def test_an_unknown_conversation(console: str, open_page: Open) -> None:
    page = open_page(f"{console}/conversation?tenant=none&id=none")
    expect(page.locator(".empty .what")).to_have_text("Unknown conversation none.")


def test_five_thousand_conversations_are_paged(deployment: Settings, console: str, open_page: Open) -> None:
    crowd = [one for c in range(5000) for one in talk("crowd", f"talk-{c:04}", [c / 1000])]
    insert(deployment, POINTS, crowd)
    page = open_page(board(console, "crowd"))
    expect(page.locator(".paging span")).to_have_text("Page 1 of 100")
    expect(rows(page)).to_have_count(50)
    assert names(page)[0] == "talk-4999"
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".board .name a").first).to_have_text("talk-4949")
    expect(rows(page)).to_have_count(50)


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


def deliveries_of(about: dict[str, str]) -> list[dict[str, Any]]:
    """To two destinations of one team, and suppressed for another team."""
    at = now_ms()
    return [
        delivery(1, **about, delivery_id="facts-d1", event_time=at, destination="slack-1", attempts=2),
        delivery(
            2, **about, delivery_id="facts-d2", event_time=at + 1, status="failed", attempts=9, reason="status 500"
        ),
        delivery(
            3,
            **about,
            delivery_id="facts-d3",
            event_time=at + 2,
            team="night",
            destination="",
            message_id=None,
            status="suppressed",
            attempts=0,
            reason="quiet_hours",
        ),
    ]


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


def test_an_option_that_was_rolled_back_is_re_enabled(deployment: Settings, console: str, open_page: Open) -> None:
    store(deployment, experiment("large", 450, 1))
    insert(deployment, DECISIONS, [decision(1, tenant="rolled", decision_id="rolled-1", option=OPTION)])
    insert(deployment, POLICY, [snapshot(1, tenant="rolled", disabled=[OPTION])])
    page = open_page(f"{console}/experiments")
    section = page.locator("section", has_text="Tenant rolled")
    expect(section.locator("tbody tr")).to_contain_text("rolled back")
    large = page.locator("section", has_text="Tenant large").locator("tbody")
    expect(large).to_contain_text(re.compile(r"offer.*−0\.\d+ \(−0\.\d+ to [−+]0\.\d+\): (harmed|no effect shown)"))
    expect(large).to_contain_text(re.compile(r"control\s*\d+\s*\d+ %"))

    section.get_by_role("button", name="Re-enable").click()
    page.get_by_label("Reason").fill("reworded")
    page.get_by_label("Your name").fill("Noor")
    page.get_by_role("dialog").get_by_role("button", name="Re-enable").click()
    expect(page.get_by_text(f"The learner will publish a policy with {OPTION}")).to_be_visible()
    [asked] = published(deployment, Name.COMMANDS, "policy_command")
    assert (asked["tenant"], asked["option"], asked["action"]) == ("rolled", OPTION, "enable")
    assert (asked["by"], asked["reason"]) == ("Noor", "reworded")

    insert(deployment, TABLES[Name.COMMANDS], [asked])
    insert(deployment, POLICY, [snapshot(2, tenant="rolled", previous="thompson-1", disabled=[])])
    expect(section.locator("tbody tr")).to_contain_text("Re-enable requested at")
    expect(section.get_by_role("button", name="Re-enable")).to_have_count(0)


def test_an_unknown_option_is_not_re_enabled(deployment: Settings, console: str, open_page: Open) -> None:
    insert(deployment, DECISIONS, [decision(1, tenant="gone", decision_id="gone-1", option="of-old")])
    insert(deployment, POLICY, [snapshot(1, tenant="gone", disabled=["of-old"])])
    page = open_page(f"{console}/alerts")
    page.evaluate("document.cookie = 'unrelated=1'")
    page.get_by_role("link", name="Experiments").click()
    section = page.locator("section", has_text="Tenant gone")
    section.get_by_role("button", name="Re-enable").click()
    page.get_by_label("Reason").fill("because")
    page.get_by_label("Your name").fill("Noor")
    with page.expect_response("**/api/enable") as answered:
        page.get_by_role("dialog").get_by_role("button", name="Re-enable").click()
    assert answered.value.status == 409
    expect(page.get_by_role("dialog")).to_contain_text('Failed: Unknown option "of-old"')


HOSTILE = "<img src=x onerror=\"alert('x')\"><script>alert('y')</script>{{7*7}}"


def test_no_text_is_interpreted_as_markup(deployment: Settings, console: str, open_page: Open) -> None:
    scope = {"tenant": f"t{HOSTILE}", "conversation_id": f"c{HOSTILE}", "customer_id": f"u{HOSTILE}"}
    signal = [{"signal": f"text.{HOSTILE}", "share": 0.9}]
    more = {"channel": HOSTILE, "contributions": signal, "customer_id": scope["customer_id"]}
    points = talk(scope["tenant"], scope["conversation_id"], RISING, cues=[HOSTILE], **more)
    insert(deployment, POINTS, points)
    at = {"event_time": points[3]["event_time"], "channel": HOSTILE}
    chosen = {**scope, **at, "option": HOSTILE, "decision_id": HOSTILE}
    asked = decision(1, **chosen, turn=3, kind=HOSTILE, contributions=signal, propensities=[])
    none = asked | {"decision_id": "none", "available": False, "unavailable_reason": HOSTILE, "option": None}
    insert(deployment, DECISIONS, [asked, none | {"propensity": None}])
    insert(deployment, OUTCOMES, [outcome(1, **chosen, outcome_id=HOSTILE, action=HOSTILE)])
    unseen = {"reward": None, "status": "censored", "censoring_reason": HOSTILE, "post_level": None, "post_sd": None}
    insert(deployment, OUTCOMES, [outcome(1, **chosen, outcome_id="unseen", **unseen)])
    words = dict.fromkeys(("rule", "severity", "title", "explanation", "recommendation"), HOSTILE)
    words |= dict.fromkeys(("policy_version", "config_version"), HOSTILE)
    said = {"evidence": [HOSTILE], "tried": [{"option": HOSTILE, "change": None}], "contributions": signal}
    insert(deployment, ALERTS, [alert(1, **scope, **at, **words, **said, alert_id=HOSTILE)])
    where = {"tenant": scope["tenant"], "conversation_id": scope["conversation_id"], "alert_id": HOSTILE}
    became = dict.fromkeys(("delivery_id", "team", "destination", "status", "reason"), HOSTILE)
    insert(deployment, DELIVERIES, [delivery(1, **where, **became)])
    about = {**where, "team": HOSTILE, "by": HOSTILE, "reason": HOSTILE, "action": HOSTILE, "command_id": HOSTILE}
    insert(deployment, ASKED, [alert_command(1, **about)])
    alert_commands.publish_command(
        deployment,
        "snooze",
        where["tenant"],
        where["conversation_id"],
        HOSTILE,
        HOSTILE,
        HOSTILE,
        now_ms() + 60_000_000,
    )
    alert_commands.publish_command(
        deployment, "snooze", where["tenant"], None, HOSTILE, HOSTILE, HOSTILE, now_ms() + 60_000_000
    )
    rolled = {"tenant": scope["tenant"], "option": HOSTILE}
    insert(deployment, POLICY, [snapshot(1, tenant=scope["tenant"], disabled=[HOSTILE])])
    insert(deployment, TABLES[Name.COMMANDS], [command(1, **rolled, by=HOSTILE, reason=HOSTILE)])

    by_somebody = re.compile(f"by {re.escape(HOSTILE)} at .*: {re.escape(HOSTILE)}")
    page = open_page(board(console, scope["tenant"]))
    expect(page.locator(".board .name a")).to_have_text(scope["conversation_id"])
    page.locator(".board .name a").click()
    expect(page.locator(".story .alert")).to_contain_text(f"team {HOSTILE} via {HOSTILE}: {HOSTILE} ({HOSTILE})")
    expect(page.get_by_label("Commands about its alerts")).to_contain_text(by_somebody)
    expect(page.locator(".story .decision").first).to_contain_text(HOSTILE)
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.locator(".story .turn").first).to_contain_text(f"Cues: {HOSTILE}")
    page.goto(f"{console}/experiments")
    hostile = page.locator("section", has_text=HOSTILE)
    expect(hostile.locator("tbody")).to_contain_text(HOSTILE)
    hostile.get_by_role("button", name="Re-enable").click()
    expect(page.get_by_role("dialog")).to_contain_text(HOSTILE)
    page.goto(f"{console}/alerts")
    case = page.locator(".alerts > li", has_text=HOSTILE)
    expect(case).to_contain_text(f"rule {HOSTILE} 2, config {HOSTILE}, policy {HOSTILE}")
    expect(case).to_contain_text(f"{HOSTILE}: no customer message afterwards")
    expect(case).to_contain_text(by_somebody)
    expect(page.get_by_label("Snoozed teams")).to_contain_text(f"Snoozed for team {HOSTILE}")
    page.get_by_label("Your name").fill(HOSTILE)
    case.get_by_role("button", name="Acknowledge").click()
    expect(case).to_have_count(0)
    page.goto(f"{console}/alerts?handled=1")
    expect(page.locator(".alerts > li", has_text=HOSTILE)).to_contain_text(f"by {HOSTILE}")
    assert page.locator("img, main script").count() == 0


def test_a_name_from_right_to_left_keeps_its_direction(deployment: Settings, console: str, open_page: Open) -> None:
    customer = "נועה לוי (12)"
    insert(deployment, POINTS, talk("rtl", "مرحبا-7", RISING, customer_id=customer))
    page = open_page(board(console, "rtl"))
    name = page.locator(".board .name a bdi")
    expect(name).to_have_text("مرحبا-7")
    direction = "element => getComputedStyle(element).direction"
    assert name.evaluate(direction) == "rtl"
    assert page.locator(".board .who bdi").evaluate(direction) == "rtl"
    assert page.locator(".board .who").evaluate(direction) == "ltr"
    expect(page.locator(".board .who")).to_have_text(f"{customer} · chat · turn 5")
    name.click()
    assert page.locator("h1 bdi").evaluate(direction) == "rtl"


def test_times_are_shown_in_the_readers_zone(deployment: Settings, console: str, open_page: Open) -> None:
    moved = [one | {"event_time": AT} for one in talk("zones", "far", [0.4])]  # 2026-09-21, 13:33:20 UTC
    insert(deployment, POINTS, moved)
    shown = {}
    for zone in ("Pacific/Auckland", "America/St_Johns"):
        page = open_page(board(console, "zones"), timezone_id=zone)
        expect(page.locator("#zone")).to_contain_text(zone)
        shown[zone] = page.locator(".board time").inner_text()
        assert page.locator(".board time").get_attribute("datetime") == "2026-09-21T14:13:20.123Z"
    assert shown == {"Pacific/Auckland": "22 Sept 2026, 02:13:20", "America/St_Johns": "21 Sept 2026, 11:43:20"}

    page = open_page(board(console, "zones"))
    expect(page.locator(".board time")).to_have_count(1)
    travel = page.context.new_cdp_session(page)
    travel.send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#zone")).to_have_text("Times are in Asia/Tokyo.")
    expect(page.locator(".board time")).to_have_text("21 Sept 2026, 23:13:20")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark"), (WALL, "light")])
def test_every_page_is_accessible_and_fits(
    deployment: Settings, console: str, open_page: Open, width: int, scheme: str
) -> None:
    points = talk("axe", "upset", RISING) + talk("axe", "calm", [0.1, 0.0])
    insert(deployment, POINTS, points)
    scope = {"tenant": "axe", "conversation_id": "upset", "decision_id": "axe-1"}
    insert(deployment, DECISIONS, [decision(1, **scope, event_time=points[2]["event_time"], turn=3)])
    insert(deployment, OUTCOMES, [outcome(1, **scope, event_time=points[4]["event_time"], outcome_id="axe-o")])
    insert(deployment, ALERTS, [alert(1, **scope | {"alert_id": "axe-1", "event_time": now_ms() + 10_000_000})])
    about = {"tenant": "axe", "conversation_id": "upset", "alert_id": "axe-1"}
    insert(deployment, DELIVERIES, [delivery(1, **about, delivery_id="axe-d", status="failed", reason="status 500")])
    insert(deployment, ASKED, [alert_command(1, **about, command_id="axe-c", team="night")])
    alert_commands.publish_command(
        deployment, "snooze", "axe", None, "night", "Kim", "a training", now_ms() + 60_000_000
    )
    insert(deployment, POLICY, [snapshot(1, tenant="axe", disabled=["slow"])])
    page = open_page(board(console, "axe"), color_scheme=scheme, viewport={"width": width, "height": 800})
    assert_fine(page, rows(page), width)
    page.locator(".board a").first.click()
    assert_fine(page, page.locator(".story .outcome"), width)
    page.get_by_role("link", name="Alerts").click()
    assert_fine(page, page.locator(".alerts > li"), width)
    page.get_by_role("link", name="Experiments").click()
    assert_fine(page, page.locator("section", has_text="Tenant axe"), width)
    page.locator("section", has_text="Tenant axe").get_by_role("button", name="Re-enable").click()
    assert_fine(page, page.get_by_role("dialog"), width)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 24, 29)")


def assert_fine(page: Page, there: Any, width: int) -> None:
    """Nothing is wider than the window, and axe finds nothing; wide windows have the same elements and colours."""
    expect(there.first).to_be_visible()
    if width < WALL:
        found = Axe().run(page)
        assert found.response["violations"] == [], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


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
