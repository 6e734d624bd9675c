"""When something is missing: ClickHouse stops, a session ends, the broker is silent, the console itself stops."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from agents.clickhouse.migrate import migrate
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import LOOPBACK, free_port
from agents.settings.model import Settings
from tests.agents.console.serving import Complaints, served, talk
from tests.support.data.records import alert
from tests.support.data.warehouse import ALERTS, POINTS, insert

pytestmark = pytest.mark.integration

TOKEN = "a token of thirty-two letters :-)"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that may log unreachable servers, and nothing else."""
    opened = browser.new_context().new_page()
    complaints = Complaints(opened)
    yield opened
    opened.context.close()
    expected = ("net::ERR_", "status of 401")
    assert [text for text in complaints.messages if not any(part in text for part in expected)] == []


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Settings, Callable[[], ClickHouse]]]:
    """Settings of a ClickHouse of the test's own, and a function that starts it again on the same ports and data."""
    ports = free_port(), free_port()
    running: list[ClickHouse] = []

    def start() -> ClickHouse:
        running.append(ClickHouse.start(*ports, tmp_path / "clickhouse"))
        return running[-1]

    nobody = f"{LOOPBACK}:{free_port()}"  # a broker that does not answer
    yield Settings(_env_file=None, clickhouse_port=ports[0], brokers=nobody, console_poll_s=0.2), start
    for server in running:
        server.stop()


def test_clickhouse_starts_late_stops_and_comes_back(
    page: Page, own: tuple[Settings, Callable[[], ClickHouse]]
) -> None:
    settings, start = own
    with served(settings) as url:
        page.goto(url)
        expect(page.locator("#trouble")).to_contain_text("cannot be reached (Connection refused)")
        expect(page.locator(".empty .what")).to_have_text("No data yet")
        server = start()
        expect(page.locator("#trouble")).to_contain_text("has no database tenor")
        migrate(settings)
        expect(page.locator(".empty .what")).to_have_text("No conversations yet")
        expect(page.locator("#trouble")).to_be_empty()
        insert(settings, POINTS, talk("default", "before", [0.4]))
        expect(page.locator(".board .name a")).to_have_text("before")

        server.stop()
        expect(page.locator("#trouble")).to_contain_text(re.compile(r"cannot be reached.*Showing data from \d"))
        expect(page.locator("#trouble")).to_have_attribute("role", "status")
        expect(page.locator(".board .name a")).to_have_text("before")
        page.get_by_role("link", name="before").click()
        expect(page.locator("#trouble")).to_contain_text("cannot be reached")
        page.get_by_role("link", name="Alerts").click()
        expect(page.locator("#trouble")).to_contain_text("cannot be reached")
        page.get_by_role("link", name="Experiments").click()
        expect(page.locator("#trouble")).to_contain_text("cannot be reached")

        start()
        insert(settings, POINTS, talk("default", "after", [0.5]))
        insert(settings, ALERTS, [alert(1)])
        expect(page.locator("#trouble")).to_be_empty()
        page.get_by_role("link", name="Alerts").click()
        expect(page.locator(".alerts > li")).to_have_count(1)  # and the broker does not answer: no buttons
        expect(page.locator(".alerts > li").get_by_role("button")).to_have_count(0)
        page.get_by_role("link", name="Board").click()
        expect(page.locator(".board .name a")).to_have_text(["after", "before"])


def test_a_session_ends_while_the_board_is_open(page: Page, deployment: Settings) -> None:
    changes = {"http_token": SecretStr(TOKEN), "console_session_s": 3.0}
    insert(deployment, POINTS, talk("session", "talk", [0.4]))
    with served(deployment.model_copy(update=changes)) as url:
        page.goto(f"{url}/?tenant=session")
        expect(page).to_have_url(f"{url}/login?next=%2F%3Ftenant%3Dsession")
        page.get_by_label("Token").fill("not the token")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("Wrong token.")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".board .name a")).to_have_text("talk")
        expect(page.locator("#trouble")).to_have_text("Your session has ended. Sign in again")
        expect(page.locator(".board .name a")).to_have_text("talk")
        page.get_by_role("link", name="Sign in again").click()
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{url}/?tenant=session")
        expect(page.locator(".board .name a")).to_have_text("talk")
        page.get_by_role("button", name="Sign out").click()
        expect(page).to_have_url(f"{url}/login")
        page.goto(f"{url}/alerts")
        expect(page).to_have_url(f"{url}/login?next=%2Falerts")


def test_the_console_itself_stops_and_starts_again(page: Page, deployment: Settings) -> None:
    again = deployment.model_copy(update={"http_port": free_port()})
    insert(deployment, POINTS, talk("restart", "talk", [0.4]))
    with served(again) as url:
        page.goto(f"{url}/?tenant=restart")
        expect(page.locator(".board .name a")).to_have_text("talk")
    expect(page.locator("#trouble")).to_contain_text("The connection to the console is lost")
    with served(again):
        expect(page.locator("#trouble")).to_be_empty()
        insert(deployment, POINTS, talk("restart", "later", [0.5]))
        expect(page.locator(".board .name a")).to_have_text(["later", "talk"])
        page.goto("about:blank")
