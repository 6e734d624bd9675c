"""One console and one browser per module; each test has a tenant of its own."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from agents.clickhouse.migrate import migrate
from agents.embedded.process import LOOPBACK
from agents.kafka.admin import topics
from agents.settings.model import Settings
from tests.agents.console.serving import PATIENCE_S, Complaints, chromium, served
from tests.conftest import drop_database, drop_topics
from tests.support.isolation import unique
from tests.support.servers.shared_engines import ClickHousePorts

POLL_S = 0.2


@pytest.fixture(scope="module")
def deployment(clickhouse: ClickHousePorts, tansu: str) -> Iterator[Settings]:
    """Settings of a deployment with its tables and topics."""
    name = unique("console")
    own = Settings(
        _env_file=None,
        brokers=tansu,
        topic_prefix=f"{name}.",
        partitions=1,
        embedded=True,
        clickhouse_host=LOOPBACK,
        clickhouse_port=clickhouse.tcp_port,
        clickhouse_database=f"tenor_{name}",
        console_poll_s=POLL_S,
    )
    migrate(own)
    topics.apply(own)
    yield own
    drop_topics(own)
    drop_database(own)


@pytest.fixture(scope="module")
def console(deployment: Settings) -> Iterator[str]:
    """The URL of a console of this deployment."""
    with served(deployment) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, each in a browser context of its own; none may log an error."""
    opened: list[tuple[Page, Complaints]] = []

    def open_in_context(url: str, **options: object) -> Page:
        page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(1000 * PATIENCE_S)
        opened.append((page, Complaints(page)))
        page.goto(url)
        return page

    yield open_in_context
    for page, complaints in opened:
        page.context.close()
        assert complaints.messages == []
