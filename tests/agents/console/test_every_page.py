"""All pages in a real browser: accessible, safe from hostile text, in the reader's time zone and writing direction."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from agents.alerting import commands as alert_commands
from agents.clickhouse.tables import TABLES
from agents.common.clock import now_ms
from agents.settings.model import Settings
from schemas.topics import Name
from tests.agents.console.pages import (
    ASKED,
    DELIVERIES,
    RISING,
    WALL,
    Open,
    board,
    rows,
)
from tests.agents.console.serving import talk
from tests.support.data.records import AT, alert, alert_command, command, decision, delivery, outcome, snapshot
from tests.support.data.warehouse import ALERTS, DECISIONS, OUTCOMES, POINTS, POLICY, insert

pytestmark = pytest.mark.integration
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
