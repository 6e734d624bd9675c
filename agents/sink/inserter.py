"""Inserts with retries: while ClickHouse is away, Kafka keeps the records.

Rows go over the native protocol, column by column. Avro files go over HTTP, where ClickHouse decodes them; a file is
tried once, and if that fails, its records are inserted as rows.
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
    "async_insert": 0,  # acknowledged means written, whatever the ClickHouse user's profile says
    "max_partitions_per_insert_block": 0,  # a batch may hold events of many months
    "optimize_on_insert": 0,  # duplicates collapse when parts merge; doing it at the insert takes half its time
}
AVRO_SETTINGS = {"input_format_avro_null_as_default": 1}  # a null map is read as an empty one

Sleep = Callable[[float, threading.Event], None]


class InsertInterrupted(Exception):
    """Stopped while ClickHouse did not accept an insert."""


class Inserter:
    """Inserts rows, one table at a time.

    Args:
        settings: the deployment's settings.
        health: records every attempt, but not the waits between: restarting the sink would not help.
        sleep: waits some seconds, or until the event is set.
    """

    def __init__(self, settings: Settings, health: Health, sleep: Sleep) -> None:
        self._settings, self._health, self._sleep = settings, health, sleep
        self._client: Client = new_client(settings, settings.clickhouse_database)
        self._http = ClickHouseHttp(settings)

    def insert(self, table: Table, rows: Sequence[Row], stop: threading.Event) -> None:
        """Insert rows; returns when ClickHouse has acknowledged.

        ``Failure`` when it has not after ``sink_patience_s``, ``InsertInterrupted`` when ``stop`` is set before.
        """
        try:
            self._retrying(table, stop)(self._attempt, table, rows)
        except tenacity.RetryError as error:
            if stop.is_set():
                raise InsertInterrupted from None
            raise self._gave_up(error.last_attempt.exception()) from None

    def insert_file(self, table: Table, statement: str, file: bytes, count: int) -> bool:
        """Insert an Avro file once; whether ClickHouse has acknowledged."""
        try:
            with self._measure_attempt(table, count):
                self._http.post(statement, file, INSERT_SETTINGS | AVRO_SETTINGS)
        except (ClickHouseRefused, HTTPException, OSError) as error:
            log.warning("avro insert failed, inserting rows instead", table=table.name, reason=str(error))
            return False
        return True

    def close(self) -> None:
        self._client.disconnect()
        self._http.close()

    def _retrying(self, table: Table, stop: threading.Event) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_server_error),
            wait=tenacity.wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, min=FIRST_WAIT_S),
            stop=tenacity.stop_after_delay(self._settings.sink_patience_s) | tenacity.stop_when_event_set(stop),
            sleep=lambda seconds: self._sleep(seconds, stop),
            before_sleep=partial(log_retry, table),
        )

    def _attempt(self, table: Table, rows: Sequence[Row]) -> None:
        try:
            with self._measure_attempt(table, len(rows)):
                self._client.execute(table.insert, to_columns(table, rows), columnar=True, settings=INSERT_SETTINGS)
        except UNAVAILABLE:
            self._client.disconnect()  # the next attempt needs a fresh connection
            raise

    @contextmanager
    def _measure_attempt(self, table: Table, count: int) -> Iterator[None]:
        try:
            with self._health.working(f"an insert into {table.name}"), metrics.INSERT_SECONDS.labels(table.name).time():
                yield
        except (*UNAVAILABLE, ClickHouseRefused, HTTPException):
            metrics.INSERT_FAILURES.labels(table.name).inc()
            raise
        metrics.ROWS_INSERTED.labels(table.name).inc(count)

    def _gave_up(self, error: BaseException | None) -> Failure:
        reason = failure(self._settings, error or EOFError())
        return Failure(f"The sink gave up after {self._settings.sink_patience_s:g} s: {reason.message}", reason.hint)


def is_server_error(error: BaseException) -> bool:
    """Whether ClickHouse or the network failed, so a retry may help; a value of the wrong type is a bug of ours."""
    return isinstance(error, UNAVAILABLE) and not isinstance(error, TypeMismatchError)


def log_retry(table: Table, state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    code = error.code if isinstance(error, Error) else None
    log.warning("insert failed, retrying", table=table.name, code=code, attempt=state.attempt_number)
