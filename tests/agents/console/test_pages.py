"""The console in a real browser, with a real ClickHouse and broker: what a team lead sees and does."""

import re
import threading
import time

import pytest
from playwright.sync_api import expect

from agents.clickhouse.migrate import migrate
from agents.clickhouse.tables import TABLES
from agents.common.clock import now_ms
from agents.settings.model import Settings
from schemas.topics import Name
from tests.agents.console.pages import (
    OPTION,
    RISING,
    Open,
    board,
    names,
    published,
    rows,
)
from tests.agents.console.serving import served, talk
from tests.conftest import drop_database
from tests.support.data.experiments import experiment
from tests.support.data.records import decision, distal, outcome, snapshot
from tests.support.data.warehouse import DECISIONS, DISTAL, OUTCOMES, POINTS, POLICY, insert, store

pytestmark = pytest.mark.integration


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
