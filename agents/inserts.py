"""Inserts that do not give up at once: ClickHouse may be restarted, Kafka keeps what it has not taken yet."""

import threading
from collections.abc import Callable, Sequence
from functools import partial

import structlog
import tenacity
from clickhouse_driver import Client
from clickhouse_driver.errors import Error, TypeMismatchError

from agents import metrics
from agents.clickhouse import UNAVAILABLE, failure, new_client
from agents.errors import Failure
from agents.health import Health
from agents.rows import Row, Table, columnar
from agents.settings import Settings

log = structlog.get_logger(__name__)

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 10.0
INSERT_SETTINGS = {
    "async_insert": 0,  # acknowledged means written, whatever the user's profile says
    "max_partitions_per_insert_block": 0,  # events of many months in one batch are no reason to stop for ever
}

Sleep = Callable[[float, threading.Event], None]


class Stopped(Exception):
    """Told to stop while ClickHouse took nothing."""


class Inserts:
    """Inserts rows, one table at a time.

    Args:
        settings: of this deployment.
        health: told of every attempt, not of the waiting between: a restart of the sink would help nobody.
        sleep: waits so many seconds, or until told to stop.
    """

    def __init__(self, settings: Settings, health: Health, sleep: Sleep) -> None:
        self._settings, self._health, self._sleep = settings, health, sleep
        self._client: Client = new_client(settings, settings.clickhouse_database)

    def insert(self, table: Table, rows: Sequence[Row], stop: threading.Event) -> None:
        """Insert; returns when ClickHouse has acknowledged.

        ``Failure`` when it has not after ``sink_patience_s``, ``Stopped`` when told to stop before.
        """
        try:
            self._retrying(table, stop)(self._attempt, table, rows)
        except tenacity.RetryError as error:
            if stop.is_set():
                raise Stopped from None
            raise self._given_up(error.last_attempt.exception()) from None

    def close(self) -> None:
        self._client.disconnect()

    def _retrying(self, table: Table, stop: threading.Event) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_theirs),
            wait=tenacity.wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, min=FIRST_WAIT_S),
            stop=tenacity.stop_after_delay(self._settings.sink_patience_s) | tenacity.stop_when_event_set(stop),
            sleep=lambda seconds: self._sleep(seconds, stop),
            before_sleep=partial(report, table),
        )

    def _attempt(self, table: Table, rows: Sequence[Row]) -> None:
        try:
            with self._health.working(f"an insert into {table.name}"), metrics.INSERT_SECONDS.labels(table.name).time():
                self._client.execute(table.insert, columnar(table, rows), columnar=True, settings=INSERT_SETTINGS)
        except UNAVAILABLE:
            metrics.INSERT_FAILURES.labels(table.name).inc()
            self._client.disconnect()  # what is left of the broken exchange must not meet the next attempt
            raise
        metrics.ROWS_INSERTED.labels(table.name).inc(len(rows))

    def _given_up(self, error: BaseException | None) -> Failure:
        reason = failure(self._settings, error or EOFError())
        return Failure(f"the sink gave up after {self._settings.sink_patience_s:g} s: {reason.message}", reason.hint)


def is_theirs(error: BaseException) -> bool:
    """Whether ClickHouse or the network is to blame; a value of the wrong type is our bug, and stays one."""
    return isinstance(error, UNAVAILABLE) and not isinstance(error, TypeMismatchError)


def report(table: Table, state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    code = error.code if isinstance(error, Error) else None
    log.warning("insert failed, will be tried again", table=table.name, code=code, attempt=state.attempt_number)
