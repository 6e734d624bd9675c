"""Inserts that do not give up at once: ClickHouse may be restarted, Kafka keeps what it has not taken yet.

Rows go over the native protocol, column by column. Files of Avro go over HTTP, where ClickHouse reads them itself;
a file is tried once, and what it held goes as rows where that fails.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException

import structlog
import tenacity
from clickhouse_driver import Client
from clickhouse_driver.errors import Error, TypeMismatchError

from agents.clickhouse.client import UNAVAILABLE, failure, new_client
from agents.clickhouse.http import ClickHouseHttp, ClickHouseRefused
from agents.clickhouse.tables import Row, Table, to_columns
from agents.common import metrics
from agents.common.errors import Failure
from agents.common.health import Health
from agents.settings.model import Settings

log = structlog.get_logger(__name__)

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 10.0
INSERT_SETTINGS = {
    "async_insert": 0,  # acknowledged means written, whatever the user's profile says
    "max_partitions_per_insert_block": 0,  # events of many months in one batch are no reason to stop for ever
    "optimize_on_insert": 0,  # repeats collapse when parts merge; to look for them here takes half the time
}
AVRO_SETTINGS = {"input_format_avro_null_as_default": 1}  # an unknown map is an empty one

Sleep = Callable[[float, threading.Event], None]


class InsertInterrupted(Exception):
    """Told to stop while ClickHouse took nothing."""


class Inserter:
    """Inserts rows, one table at a time.

    Args:
        settings: of this deployment.
        health: told of every attempt, not of the waiting between: a restart of the sink would help nobody.
        sleep: waits so many seconds, or until told to stop.
    """

    def __init__(self, settings: Settings, health: Health, sleep: Sleep) -> None:
        self._settings, self._health, self._sleep = settings, health, sleep
        self._client: Client = new_client(settings, settings.clickhouse_database)
        self._http = ClickHouseHttp(settings)

    def insert(self, table: Table, rows: Sequence[Row], stop: threading.Event) -> None:
        """Insert; returns when ClickHouse has acknowledged.

        ``Failure`` when it has not after ``sink_patience_s``, ``InsertInterrupted`` when told to stop before.
        """
        try:
            self._retrying(table, stop)(self._attempt, table, rows)
        except tenacity.RetryError as error:
            if stop.is_set():
                raise InsertInterrupted from None
            raise self._given_up(error.last_attempt.exception()) from None

    def insert_file(self, table: Table, statement: str, file: bytes, count: int) -> bool:
        """Insert a file that ClickHouse reads itself; whether it has acknowledged. Not tried again."""
        try:
            with self._attempted(table, count):
                self._http.post(statement, file, INSERT_SETTINGS | AVRO_SETTINGS)
        except (ClickHouseRefused, HTTPException, OSError) as error:
            log.warning("a file was not taken, its records go as rows", table=table.name, reason=str(error))
            return False
        return True

    def close(self) -> None:
        self._client.disconnect()
        self._http.close()

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
            with self._attempted(table, len(rows)):
                self._client.execute(table.insert, to_columns(table, rows), columnar=True, settings=INSERT_SETTINGS)
        except UNAVAILABLE:
            self._client.disconnect()  # what is left of the broken exchange must not meet the next attempt
            raise

    @contextmanager
    def _attempted(self, table: Table, count: int) -> Iterator[None]:
        try:
            with self._health.working(f"an insert into {table.name}"), metrics.INSERT_SECONDS.labels(table.name).time():
                yield
        except (*UNAVAILABLE, ClickHouseRefused, HTTPException):
            metrics.INSERT_FAILURES.labels(table.name).inc()
            raise
        metrics.ROWS_INSERTED.labels(table.name).inc(count)

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
