"""What the tests of the pages look for in a browser, and in topics."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page

from agents.clickhouse.tables import TABLES
from agents.common.clock import now_ms
from agents.kafka import topic_reader
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import Name
from tests.support.data.records import delivery

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
