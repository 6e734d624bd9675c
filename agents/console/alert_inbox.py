"""The alerts inbox: alerts and deliveries from ClickHouse, commands about them from Kafka."""

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

Json = dict[str, Any]

FRESH_S = 2.0
UNREACHABLE_S = 30.0  # time between attempts to reach a broker that does not answer
MAX_CACHED_ALERTS = 2_000
COMMANDS_TIMEOUT_S = 1.0  # alerts are shown without their commands when reading those takes longer


class AlertInbox:
    """Alerts with their state.

    Without a broker, or without the topic of commands, every alert is shown as open, and without buttons.
    """

    def __init__(self, poller: Poller) -> None:
        self._poller = poller
        self._commands = AlertCommandLog(poller.settings)
        self._reading: asyncio.Task[None] | None = None
        self._read_at = float("-inf")
        self._accepts_commands = False
        self._alerts: dict[str, Json] = {}
        self._deliveries: dict[str, list[Json]] = {}
        self._deliveries_version: Any = object()
        self._headings: list[AlertHeading] = []
        self._headings_version: Any = object()

    async def page(self, now: int, handled: bool, page: int, size: int) -> Json:
        """A page of open or handled alerts, newest first. Raises ``Failure`` when ClickHouse cannot be queried."""
        await self._refresh_commands()
        await self._refresh_headings()
        done = {heading.alert_id for heading in self._headings if self._handling_command(heading, now)}
        selected = [heading for heading in self._headings if (heading.alert_id in done) is handled]
        pages = max(-(-len(selected) // size), 1)
        page = min(page, pages - 1)
        shown = {heading.alert_id: heading for heading in selected[page * size :][:size]}
        alerts = await self._read_alerts(list(shown))
        deliveries = await self._read_deliveries(list(shown))
        return {
            "alerts": [
                {**alert, **self._state(shown[id], now), "deliveries": deliveries[id]} for id, alert in alerts.items()
            ],
            "snoozed": [command._asdict() for command in self._commands.snoozed_teams(now)],
            "open": len(self._headings) - len(done),
            "handled": len(done),
            "severities": Counter(heading.severity for heading in self._headings if heading.alert_id not in done),
            "page": page,
            "pages": pages,
            "possible": self._accepts_commands,
        }

    async def publish(self, action: str, target: CommandTarget, alert: str, by: str, until: int | None) -> None:
        """Acknowledge, snooze or resume. Raises ``DeliveryFailed`` when the broker does not acknowledge it."""
        settings = self._poller.settings
        await self._poller.run_in_thread(lambda: publish_from_console(settings, action, target, alert, by, until))
        self._read_at = float("-inf")

    def _handling_command(self, heading: AlertHeading, now: int) -> LatestCommand | None:
        """The command that closes an alert. A snooze for one team leaves it open for the others."""
        commands = self._commands_in_force(heading, now)
        return next((command for command in commands if not (command.team and command.action == "snooze")), None)

    def _commands_in_force(self, heading: AlertHeading, now: int) -> list[LatestCommand]:
        """The commands about an alert that have not expired."""
        if not heading.conversation_id:
            return []
        commands = self._commands.commands_about(CommandTarget(heading.tenant, heading.conversation_id))
        return [command for command in commands if command.handles(heading.alert_id, heading.written, now)]

    def _state(self, heading: AlertHeading, now: int) -> Json:
        """The command that closes an alert, and the others."""
        handling = self._handling_command(heading, now)
        others = [command._asdict() for command in self._commands_in_force(heading, now) if command is not handling]
        return {"said": handling._asdict() if handling else None, "others": others}

    async def _read_deliveries(self, ids: list[str]) -> dict[str, list[Json]]:
        """The deliveries of these alerts; queried again once there are new ones."""
        if self._deliveries_version != self._poller.alert_activity:
            self._deliveries, self._deliveries_version = {}, self._poller.alert_activity
        known = self._deliveries
        missing = [id for id in ids if id not in known]
        if missing:
            known |= await self._poller.query(partial(queries.deliveries, ids=missing))
        return {id: known[id] for id in ids}

    async def _read_alerts(self, ids: list[str]) -> dict[str, Json]:
        """These alerts; they never change, so each is queried once."""
        if len(self._alerts) > MAX_CACHED_ALERTS:
            self._alerts = {}
        missing = [id for id in ids if id not in self._alerts]
        if missing:
            alerts = await self._poller.query(partial(queries.alerts, ids=missing))
            self._alerts |= {alert["alert_id"]: alert for alert in alerts}
        return {id: self._alerts[id] for id in ids if id in self._alerts}

    async def _refresh_headings(self) -> None:
        version = self._poller.newest_alert
        if self._headings_version != version:
            self._headings = await self._poller.query(queries.alert_headings)
            self._headings_version = version

    async def _refresh_commands(self) -> None:
        interval = FRESH_S if self._accepts_commands else UNREACHABLE_S
        if self._reading is None and time.monotonic() - self._read_at > interval:
            self._reading = asyncio.create_task(self._read_commands())
        if self._reading is not None:
            await asyncio.wait([self._reading], timeout=COMMANDS_TIMEOUT_S)

    async def _read_commands(self) -> None:
        started = time.monotonic()
        try:
            self._accepts_commands = await self._poller.run_in_thread(self._refresh_log)
        finally:
            self._read_at, self._reading = max(self._read_at, started), None

    def _refresh_log(self) -> bool:
        try:
            if not topic_exists(self._poller.settings):
                return False
            self._commands.refresh()
        except (Failure, KafkaException) as error:
            log.warning("alert commands cannot be read", reason=str(error))
            return False
        return True
