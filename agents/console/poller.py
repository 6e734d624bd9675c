"""Polls ClickHouse for the board while somebody looks at it, and reports when it cannot."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import structlog
from clickhouse_driver import Client

from agents.clickhouse.client import UNAVAILABLE, connect, failure, session
from agents.clickhouse.migrate import require_current
from agents.common.errors import Failure
from agents.common.health import Health
from agents.console.board import Board, BoardConversation
from agents.console.queries import OVERLAP_MS, newest_alert, newest_alert_activity, read_board
from agents.settings.model import Settings

log = structlog.get_logger(__name__)

T = TypeVar("T")

IDLE_S = 5.0  # between polls without viewers, so that the first one finds a board that is nearly fresh
MAX_QUERIES = 4  # at a time, to ClickHouse and Kafka


class Poller:
    """The newest rows of ClickHouse, read by one thread at a time for every viewer.

    Attributes:
        conversations: those on the board, in no order.
        newest_alert: changes when an alert is written.
        alert_activity: changes when a delivery of an alert, or a command about one, is written.
        trouble: why the data is stale; None while it is fresh.
        fresh_at: wall clock of the last successful poll, milliseconds; 0 before the first.
        polls: number of attempts.
        closed: whether the console is shutting down.
    """

    def __init__(self, settings: Settings, health: Health) -> None:
        self.settings = settings
        self.health = health
        self._live_ms = round(settings.console_live_s * 1000)
        self.board = Board(self._live_ms)
        self.conversations: tuple[BoardConversation, ...] = ()
        self.newest_alert: Any = None
        self.alert_activity: Any = None
        self.trouble: Failure | None = None
        self.fresh_at = 0
        self.polls = 0
        self.closed = False
        self._client: Client | None = None
        self._since: int | None = None
        self._viewers = 0
        self._polled = asyncio.Condition()
        self._wanted = asyncio.Event()
        self._slots = asyncio.Semaphore(MAX_QUERIES)

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                await asyncio.to_thread(self._poll)
                async with self._polled:
                    self.polls += 1
                    self._polled.notify_all()
                await self._pause()
        finally:
            self._disconnect()

    async def close(self) -> None:
        """Wake every stream that waits for a poll, so that it ends."""
        async with self._polled:
            self.closed = True
            self._polled.notify_all()

    async def wait_for_poll(self, after: int, timeout_s: float) -> int:
        """Wait until there were more than ``after`` polls, for at most ``timeout_s`` seconds. The number of polls."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._polled:
                await self._polled.wait_for(lambda: self.closed or self.polls > after)
        return self.polls

    @contextmanager
    def viewer(self) -> Iterator[None]:
        """Poll often while somebody looks."""
        self._viewers += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._viewers -= 1

    async def query(self, question: Callable[[Client], T]) -> T:
        """Query ClickHouse in a thread. Raises ``Failure`` when that is not possible."""
        return await self.run_in_thread(lambda: run_query(self.settings, question))

    async def run_in_thread(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread, not too much of it at a time."""
        async with self._slots:
            return await asyncio.to_thread(work)

    async def _pause(self) -> None:
        self._wanted.clear()
        if self._viewers:
            await asyncio.sleep(self.settings.console_poll_s)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):
                await self._wanted.wait()

    def _poll(self) -> None:
        try:
            with self.health.working("a poll of ClickHouse"):
                self._read()
        except Failure as trouble:
            self._fail(trouble)
        except UNAVAILABLE as error:
            self._fail(failure(self.settings, error))

    def _read(self) -> None:
        if self._client is None:
            require_current(self.settings)
            self._client = connect(self.settings)
        now = read_board(self._client, self.board, self._since, self._live_ms)
        self.newest_alert, self.alert_activity = newest_alert(self._client), newest_alert_activity(self._client)
        self.conversations = self.board.update(now)
        self._since = now - OVERLAP_MS
        self.trouble, self.fresh_at = None, round(time.time() * 1000)
        self.health.set_ready(True)

    def _fail(self, trouble: Failure) -> None:
        if self.trouble is None:
            log.warning("the board is stale", reason=trouble.message)
        self.trouble = trouble
        self._disconnect()

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client = None


def run_query(settings: Settings, question: Callable[[Client], T]) -> T:
    """Run a query on a connection of its own. Raises ``Failure`` when ClickHouse is unavailable."""
    with session(settings) as client:
        return question(client)
