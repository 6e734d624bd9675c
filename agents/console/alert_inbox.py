"""The alerts inbox: alerts out of ClickHouse, what people said about them out of Kafka."""

import asyncio
import time
from collections import Counter
from functools import partial
from typing import Any

import structlog
from confluent_kafka import KafkaException

from agents.common.errors import Failure
from agents.console import queries
from agents.console.alert_state import AlertCommandLog, CommandTarget, LatestCommand, publish_from_console, topic_exists
from agents.console.poller import Poller
from agents.console.queries import AlertHeading

log = structlog.get_logger(__name__)

Told = dict[str, Any]

FRESH_S = 2.0
SILENT_S = 30.0  # a broker that does not answer is left alone for so long
KNOWN = 2_000  # texts of alerts in memory
PATIENCE_S = 1.0  # alerts do not wait longer for what was said about them


class AlertInbox:
    """Alerts with what was said about them.

    Without a broker, or its topic of commands, alerts are shown all the same, as nobody's yet, and without buttons.
    """

    def __init__(self, feed: Poller) -> None:
        self._feed = feed
        self._commands = AlertCommandLog(feed.settings)
        self._refreshing: asyncio.Task[None] | None = None
        self._refreshed = float("-inf")
        self._possible = False
        self._known: dict[str, Told] = {}
        self._deliveries: dict[str, list[Told]] = {}
        self._deliveries_of: Any = object()
        self._all: list[AlertHeading] = []
        self._all_of: Any = object()

    async def page(self, now: int, handled: bool, page: int, size: int) -> Told:
        """A page, newest first. ``Failure`` when ClickHouse cannot be asked."""
        await self._refresh()
        await self._headings()
        done = {one.alert_id for one in self._all if self._covering(one, now)}
        chosen = [one for one in self._all if (one.alert_id in done) is handled]
        pages = max(-(-len(chosen) // size), 1)
        page = min(page, pages - 1)
        shown = {one.alert_id: one for one in chosen[page * size :][:size]}
        found = await self._texts(list(shown))
        became = await self._became(list(shown))
        return {
            "alerts": [{**one, **self._said(shown[id], now), "deliveries": became[id]} for id, one in found.items()],
            "snoozed": [one._asdict() for one in self._commands.snoozed(now)],
            "open": len(self._all) - len(done),
            "handled": len(done),
            "severities": Counter(one.severity for one in self._all if one.alert_id not in done),
            "page": page,
            "pages": pages,
            "possible": self._possible,
        }

    async def say(self, action: str, about: CommandTarget, alert: str, by: str, until: int | None) -> None:
        """Acknowledge, snooze or resume; ``DeliveryFailed`` when Kafka does not accept it."""
        await self._feed.aside(lambda: publish_from_console(self._feed.settings, action, about, alert, by, until))
        self._refreshed = float("-inf")

    def _covering(self, one: AlertHeading, now: int) -> LatestCommand | None:
        """The word that makes an alert nobody's to do. A snooze for one team leaves it to the others."""
        return next((said for said in self._words(one, now) if not (said.team and said.action == "snooze")), None)

    def _words(self, one: AlertHeading, now: int) -> list[LatestCommand]:
        """What was said about an alert and has not run out."""
        said = self._commands.about(CommandTarget(one.tenant, one.conversation_id)) if one.conversation_id else []
        return [word for word in said if word.covers(one.alert_id, one.written, now)]

    def _said(self, one: AlertHeading, now: int) -> Told:
        """The word that settles it, and the others."""
        covering = self._covering(one, now)
        others = [word._asdict() for word in self._words(one, now) if word is not covering]
        return {"said": covering._asdict() if covering else None, "others": others}

    async def _became(self, ids: list[str]) -> dict[str, list[Told]]:
        """What became of these alerts; asked again once anything was delivered."""
        if self._deliveries_of != self._feed.said:
            self._deliveries, self._deliveries_of = {}, self._feed.said
        known = self._deliveries
        missing = [id for id in ids if id not in known]
        if missing:
            known |= await self._feed.ask(partial(queries.deliveries, ids=missing))
        return {id: known[id] for id in ids}

    async def _texts(self, ids: list[str]) -> dict[str, Told]:
        """What these alerts say; they never change, so each is asked for once."""
        if len(self._known) > KNOWN:
            self._known = {}
        missing = [id for id in ids if id not in self._known]
        if missing:
            found = await self._feed.ask(partial(queries.alerts, ids=missing))
            self._known |= {one["alert_id"]: one for one in found}
        return {id: self._known[id] for id in ids if id in self._known}

    async def _headings(self) -> None:
        newest = self._feed.alerts
        if self._all_of != newest:
            self._all = await self._feed.ask(queries.alert_headings)
            self._all_of = newest

    async def _refresh(self) -> None:
        if self._refreshing is None and time.monotonic() - self._refreshed > (FRESH_S if self._possible else SILENT_S):
            self._refreshing = asyncio.create_task(self._read())
        if self._refreshing is not None:
            await asyncio.wait([self._refreshing], timeout=PATIENCE_S)

    async def _read(self) -> None:
        began = time.monotonic()
        try:
            self._possible = await self._feed.aside(self._read_commands)
        finally:
            self._refreshed, self._refreshing = max(self._refreshed, began), None

    def _read_commands(self) -> bool:
        try:
            if not topic_exists(self._feed.settings):
                return False
            self._commands.refresh()
        except (Failure, KafkaException) as error:
            log.warning("what was said about alerts cannot be read", why=str(error))
            return False
        return True
