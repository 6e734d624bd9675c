"""ClickHouse over HTTP, for what its native protocol does not take: data in a format the server reads."""

import ssl
from collections.abc import Mapping
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlencode

from agents.clickhouse import ANSWER_TIMEOUT_S
from agents.settings import Settings

CODE = "X-ClickHouse-Exception-Code"


class Refused(Exception):
    """ClickHouse did not take it. Its own text is left out: it may quote values."""


class ClickHouseHttp:
    """One connection, kept open, made when it is first needed. ``close`` it.

    Args:
        settings: of this deployment.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _connection(self) -> HTTPConnection:
        settings = self._settings
        where = settings.clickhouse_host, settings.clickhouse_http_port
        if not settings.clickhouse_secure:
            return HTTPConnection(*where, timeout=ANSWER_TIMEOUT_S)
        context = ssl.create_default_context(cafile=settings.clickhouse_ca_file)
        return HTTPSConnection(*where, timeout=ANSWER_TIMEOUT_S, context=context)

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

        ``Refused`` when it answers otherwise, ``OSError`` or ``HTTPException`` when it does not answer.
        """
        asked = urlencode({"query": statement, "wait_end_of_query": 1, **settings})
        try:
            self._connection.request("POST", f"/?{asked}", data, self._headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            self.close()  # what is left of the broken exchange must not meet the next one
            raise
        if answer.status != 200:
            raise Refused(f"HTTP {answer.status}, code {answer.getheader(CODE)}")

    def close(self) -> None:
        self._connection.close()
