"""Keeps the board fresh while somebody looks, and says so when it cannot."""

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
from agents.console.queries import OVERLAP_MS, newest_alert, newest_said, read_board
from agents.settings.model import Settings

log = structlog.get_logger(__name__)

T = TypeVar("T")

IDLE_S = 5.0  # between looks while nobody watches: the first who comes finds a board that is nearly fresh
AT_ONCE = 4  # questions to ClickHouse


class Poller:
    """What was written lately, read by one thread at a time for everybody who looks.

    Attributes:
        conversations: on the board, in no order.
        alerts: differs when an alert was written.
        said: differs when it was written what became of one, or what a person said about one.
        trouble: why nothing fresh can be told; None while all is well.
        fresh_at: wall clock of the last look that succeeded, milliseconds; 0 before the first.
        looks: how often it has been tried.
        closed: whether the console is being stopped.
    """

    def __init__(self, settings: Settings, health: Health) -> None:
        self.settings = settings
        self.health = health
        self._live_ms = round(settings.console_live_s * 1000)
        self.board = Board(self._live_ms)
        self.conversations: tuple[BoardConversation, ...] = ()
        self.alerts: Any = None
        self.said: Any = None
        self.trouble: Failure | None = None
        self.fresh_at = 0
        self.looks = 0
        self.closed = False
        self._client: Client | None = None
        self._since: int | None = None
        self._watching = 0
        self._looked = asyncio.Condition()
        self._wanted = asyncio.Event()
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        try:
            while True:
                await asyncio.to_thread(self._look)
                async with self._looked:
                    self.looks += 1
                    self._looked.notify_all()
                await self._pause()
        finally:
            self._disconnect()

    async def close(self) -> None:
        """Nothing more is told: whoever waits for a look is let go."""
        async with self._looked:
            self.closed = True
            self._looked.notify_all()

    async def next_look(self, after: int, patience_s: float) -> int:
        """The number of looks once there are more than ``after``, or when patience has ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s), self._looked:
                await self._looked.wait_for(lambda: self.closed or self.looks > after)
        return self.looks

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Somebody looks: keep it fresh meanwhile."""
        self._watching += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._watching -= 1

    async def ask(self, question: Callable[[Client], T]) -> T:
        """Ask ClickHouse something, in a thread; ``Failure`` when it cannot be asked."""
        return await self.aside(lambda: asked(self.settings, question))

    async def aside(self, work: Callable[[], T]) -> T:
        """Work of a thread's; not too much at once."""
        async with self._slots:
            return await asyncio.to_thread(work)

    async def _pause(self) -> None:
        self._wanted.clear()
        if self._watching:
            await asyncio.sleep(self.settings.console_poll_s)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):
                await self._wanted.wait()

    def _look(self) -> None:
        try:
            with self.health.working("a look at ClickHouse"):
                self._read()
        except Failure as trouble:
            self._failed(trouble)
        except UNAVAILABLE as error:
            self._failed(failure(self.settings, error))

    def _read(self) -> None:
        if self._client is None:
            require_current(self.settings)
            self._client = connect(self.settings)
        now = read_board(self._client, self.board, self._since, self._live_ms)
        self.alerts, self.said = newest_alert(self._client), newest_said(self._client)
        self.conversations = self.board.settle(now)
        self._since = now - OVERLAP_MS
        self.trouble, self.fresh_at = None, round(time.time() * 1000)
        self.health.set_ready(True)

    def _failed(self, trouble: Failure) -> None:
        if self.trouble is None:
            log.warning("nothing fresh can be shown", why=trouble.message)
        self.trouble = trouble
        self._disconnect()

    def _disconnect(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client = None


def asked(settings: Settings, question: Callable[[Client], T]) -> T:
    with session(settings) as client:
        return question(client)
