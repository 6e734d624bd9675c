"""ClickHouse over HTTP, for what its native protocol does not take: data in a format the server reads."""

import json
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlencode

from agents.clickhouse.client import ANSWER_TIMEOUT_S
from agents.settings.model import Settings

CODE = "X-ClickHouse-Exception-Code"
SUMMARY = "X-ClickHouse-Summary"
CHUNK_BYTES = 1 << 20
# A ClickHouse closes what is idle for longer: after 3 s by default before version 23, then 10, then 30.
KEPT_OPEN_S = 2.0


class ClickHouseRefused(Exception):
    """ClickHouse did not take it. Its own text is left out: it may quote values."""


class ClickHouseHttp:
    """One connection, kept open while it is used, made when it is needed. ``close`` it.

    Args:
        settings: of this deployment.
        timeout_s: longest silence of the server, seconds.
    """

    def __init__(self, settings: Settings, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._settings, self._timeout_s = settings, timeout_s
        self._used_at = time.monotonic()

    @cached_property
    def _connection(self) -> HTTPConnection:
        settings = self._settings
        where = settings.clickhouse_host, settings.clickhouse_http_port
        if not settings.clickhouse_secure:
            return HTTPConnection(*where, timeout=self._timeout_s)
        context = ssl.create_default_context(cafile=settings.clickhouse_ca_file)
        return HTTPSConnection(*where, timeout=self._timeout_s, context=context)

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

        ``ClickHouseRefused`` when it answers otherwise, ``OSError`` or ``HTTPException`` when it does not answer.
        """
        self._exchange(statement, data, settings, lambda chunk: None)

    def fetch(self, statement: str, settings: Mapping[str, int | str], write: Callable[[bytes], object]) -> int:
        """Hand on what a query answers, piece by piece, once the server has all of it; the number of rows.

        Errors as of ``post``.
        """
        answer = self._exchange(statement, b"", settings, write)
        return int(json.loads(answer.getheader(SUMMARY) or "{}").get("result_rows", 0))

    def _exchange(
        self, statement: str, data: bytes, settings: Mapping[str, int | str], write: Callable[[bytes], object]
    ) -> HTTPResponse:
        asked = urlencode({"query": statement, "wait_end_of_query": 1, **settings})
        if time.monotonic() - self._used_at > KEPT_OPEN_S:
            self.close()  # opens anew with the next request
        try:
            self._connection.request("POST", f"/?{asked}", data, self._headers)
            answer = self._connection.getresponse()
            if answer.status != 200:
                answer.read()
                raise ClickHouseRefused(f"HTTP {answer.status}, code {answer.getheader(CODE)}")
            while chunk := answer.read(CHUNK_BYTES):
                write(chunk)
        except (OSError, HTTPException):
            self.close()  # what is left of the broken exchange must not meet the next one
            raise
        self._used_at = time.monotonic()
        return answer

    def close(self) -> None:
        self._connection.close()
