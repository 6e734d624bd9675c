"""The alerts inbox: alerts out of ClickHouse, what people said about them out of Kafka."""

import asyncio
import time
from collections import Counter
from functools import partial
from typing import Any

import structlog
from confluent_kafka import KafkaException

from agents.console import queries
from agents.console.alert_commands import Commands, Said, publish_command, topic_exists
from agents.console.feed import Feed
from agents.errors import Failure

log = structlog.get_logger(__name__)

Told = dict[str, Any]

FRESH_S = 2.0
SILENT_S = 30.0  # a broker that does not answer is left alone for so long


class Inbox:
    """Alerts with what was said about them.

    Without a broker, or its topic of commands, alerts are shown all the same, as nobody's yet, and without buttons.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._commands = Commands(feed.settings)
        self._lock = asyncio.Lock()
        self._refreshed = float("-inf")
        self._possible = False
        self._ids: list[tuple[str, str]] = []
        self._ids_of: Any = object()

    async def page(self, now: int, handled: bool, page: int, size: int) -> Told:
        """A page, newest first. ``Failure`` when ClickHouse cannot be asked."""
        await self._refresh()
        if self._ids_of != self._feed.alerts:
            newest = self._feed.alerts
            self._ids = await self._feed.ask(queries.alert_ids)
            self._ids_of = newest
        said = self._commands.said
        open = [pair for pair in self._ids if not (pair[0] in said and said[pair[0]].handled(now))]
        left = set(open)
        chosen = [pair for pair in self._ids if pair not in left] if handled else open
        page = min(page, max(-(-len(chosen) // size) - 1, 0))
        ids = [id for id, _ in chosen[page * size :][:size]]
        found = await self._feed.ask(partial(queries.alerts, ids=ids))
        return {
            "alerts": [{**one, "said": as_told(said.get(one["alert_id"]), now)} for one in found],
            "open": len(open),
            "handled": len(self._ids) - len(open),
            "severities": Counter(severity for _, severity in open),
            "page": page,
            "pages": max(-(-len(chosen) // size), 1),
            "possible": self._possible,
        }

    async def say(self, alert: str, action: str, by: str, until: int | None) -> None:
        """Acknowledge, snooze or reopen; ``Failure`` when the broker does not take it."""
        await self._feed.aside(lambda: publish_command(self._feed.settings, alert, action, by, until))
        self._refreshed = float("-inf")

    async def _refresh(self) -> None:
        async with self._lock:
            if time.monotonic() - self._refreshed < (FRESH_S if self._possible else SILENT_S):
                return
            self._possible = await self._feed.aside(self._read)
            self._refreshed = time.monotonic()

    def _read(self) -> bool:
        try:
            if not topic_exists(self._feed.settings):
                return False
            self._commands.refresh()
        except (Failure, KafkaException) as error:
            log.warning("what was said about alerts cannot be read", why=str(error))
            return False
        return True


def as_told(said: Said | None, now: int) -> Told | None:
    """The last word, unless it has run out."""
    return said._asdict() if said and said.handled(now) else None
