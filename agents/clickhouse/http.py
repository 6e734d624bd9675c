"""ClickHouse over HTTP, for data in a format the server reads or writes itself, as Avro and Parquet."""

import json
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlencode

from agents.clickhouse.client import ANSWER_TIMEOUT_S
from agents.settings.model import Settings

CODE_HEADER = "X-ClickHouse-Exception-Code"
SUMMARY_HEADER = "X-ClickHouse-Summary"
CHUNK_BYTES = 1 << 20
# ClickHouse closes connections that are idle for longer: 3 s by default before version 23, then 10, then 30.
KEEP_ALIVE_S = 2.0


class ClickHouseRefused(Exception):
    """ClickHouse returned an error. Its text is left out: it may quote values."""


class ClickHouseHttp:
    """One connection, opened on demand and kept open while it is used. ``close`` it.

    Args:
        settings: of this deployment.
        timeout_s: of the socket, seconds.
    """

    def __init__(self, settings: Settings, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._settings, self._timeout_s = settings, timeout_s
        self._used_at = time.monotonic()

    @cached_property
    def _connection(self) -> HTTPConnection:
        settings = self._settings
        address = settings.clickhouse_host, settings.clickhouse_http_port
        if not settings.clickhouse_secure:
            return HTTPConnection(*address, timeout=self._timeout_s)
        context = ssl.create_default_context(cafile=settings.clickhouse_ca_file)
        return HTTPSConnection(*address, timeout=self._timeout_s, context=context)

    @property
    def _headers(self) -> dict[str, str]:
        settings = self._settings
        return {
            "X-ClickHouse-User": settings.clickhouse_user,
            "X-ClickHouse-Key": settings.clickhouse_password.get_secret_value(),
            "X-ClickHouse-Database": settings.clickhouse_database,
        }

    def post(self, statement: str, data: bytes, settings: Mapping[str, int]) -> None:
        """Run a statement with its data; returns when ClickHouse has acknowledged.

        ``ClickHouseRefused`` when it returns an error, ``OSError`` or ``HTTPException`` when it does not answer.
        """
        self._exchange(statement, data, settings, lambda chunk: None)

    def fetch(self, statement: str, settings: Mapping[str, int | str], write: Callable[[bytes], object]) -> int:
        """Write the result of a query chunk by chunk, once the server has all of it; returns the number of rows.

        Raises the same errors as ``post``.
        """
        answer = self._exchange(statement, b"", settings, write)
        return int(json.loads(answer.getheader(SUMMARY_HEADER) or "{}").get("result_rows", 0))

    def _exchange(
        self, statement: str, data: bytes, settings: Mapping[str, int | str], write: Callable[[bytes], object]
    ) -> HTTPResponse:
        parameters = urlencode({"query": statement, "wait_end_of_query": 1, **settings})
        if time.monotonic() - self._used_at > KEEP_ALIVE_S:
            self.close()  # the next request opens a new one
        try:
            self._connection.request("POST", f"/?{parameters}", data, self._headers)
            answer = self._connection.getresponse()
            if answer.status != 200:
                answer.read()
                raise ClickHouseRefused(f"HTTP {answer.status}, code {answer.getheader(CODE_HEADER)}")
            while chunk := answer.read(CHUNK_BYTES):
                write(chunk)
        except (OSError, HTTPException):
            self.close()  # the rest of a broken response must not be read as the next one
            raise
        self._used_at = time.monotonic()
        return answer

    def close(self) -> None:
        self._connection.close()
