"""Connections to ClickHouse, and connection errors with what to do about them."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, ErrorCodes, NetworkError, ServerException, SocketTimeoutError

from agents.common.errors import Failure
from agents.settings.model import Settings

CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 60  # well below Kafka's 300 s between polls, after which the sink would lose its partitions

# Raised by a broken connection or by the server. The driver raises EOFError when the connection is cut.
UNAVAILABLE = (Error, EOFError, OSError)
LOGIN_ERRORS = {ErrorCodes.UNKNOWN_USER, ErrorCodes.WRONG_PASSWORD, ErrorCodes.REQUIRED_PASSWORD, 516}
ACCESS_DENIED = 497

# The driver would log every failed attempt with a traceback, although the caller reports the error.
logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)


@contextmanager
def session(settings: Settings, database: str | None = None) -> Iterator[Client]:
    """A client for the ``with`` block; ``Failure`` when ClickHouse does not answer or refuses a query in it.

    Args:
        database: see ``connect``.
    """
    client = connect(settings, database)
    try:
        yield client
    except UNAVAILABLE as error:
        raise failure(settings, error) from None
    finally:
        client.disconnect()


def rows(client: Client, query: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The rows of a query by column name."""
    values, columns = client.execute(query, parameters, with_column_types=True)
    return [dict(zip((name for name, _ in columns), row, strict=True)) for row in values]


def connect(settings: Settings, database: str | None = None) -> Client:
    """A connected client; ``Failure`` names the setting to check.

    Args:
        settings: of this deployment.
        database: None takes the deployment's, an empty string the user's default.
    """
    client = new_client(settings, settings.clickhouse_database if database is None else database)
    try:
        client.execute("SELECT 1")
    except UNAVAILABLE as error:
        client.disconnect()
        raise failure(settings, error) from None
    return client


def new_client(settings: Settings, database: str) -> Client:
    return Client(
        settings.clickhouse_host,
        port=settings.clickhouse_port,
        database=database,
        user=settings.clickhouse_user,
        password=settings.clickhouse_password.get_secret_value(),
        secure=settings.clickhouse_secure,
        ca_certs=settings.clickhouse_ca_file and str(settings.clickhouse_ca_file),
        connect_timeout=CONNECT_TIMEOUT_S,
        send_receive_timeout=ANSWER_TIMEOUT_S,
        client_name="tenor",
    )


def failure(settings: Settings, error: BaseException) -> Failure:
    """The ``Failure`` for an error of the driver."""
    where = f"ClickHouse at {settings.clickhouse_host}:{settings.clickhouse_port}"
    if isinstance(error, ServerException):
        return server_failure(settings, where, error)
    if isinstance(error, SocketTimeoutError):
        return Failure(f"{where} did not answer in time: check TENOR_CLICKHOUSE_HOST and TENOR_CLICKHOUSE_PORT")
    if isinstance(error, NetworkError) and not any(name in str(error) for name in ("SSL", "X509")):
        return Failure(
            f"{where} cannot be reached ({reason(error)}): check TENOR_CLICKHOUSE_HOST and TENOR_CLICKHOUSE_PORT",
            "or start the embedded stack with: tenor up",
        )
    return Failure(
        f"{where} does not speak ClickHouse's native protocol {tls_phrase(settings)}: "
        "check TENOR_CLICKHOUSE_PORT, TENOR_CLICKHOUSE_SECURE and TENOR_CLICKHOUSE_CA_FILE"
    )


def server_failure(settings: Settings, where: str, error: ServerException) -> Failure:
    """The ``Failure`` for an error of the server. Its text is left out: it may quote values."""
    if error.code in LOGIN_ERRORS:
        return Failure(
            f"Authentication failed for user {settings.clickhouse_user} at {where}: "
            "check TENOR_CLICKHOUSE_USER and TENOR_CLICKHOUSE_PASSWORD"
        )
    if error.code == ErrorCodes.UNKNOWN_DATABASE:
        return Failure(
            f"{where} has no database {settings.clickhouse_database}: check TENOR_CLICKHOUSE_DATABASE",
            "or create it with: tenor migrate",
        )
    if error.code == ACCESS_DENIED:
        return Failure(
            f"User {settings.clickhouse_user} lacks a grant at {where}: check TENOR_CLICKHOUSE_USER",
            "deploy/clickhouse/grants.sql has a role for every task",
        )
    return Failure(f"{where} returned error code {error.code}.", "See the log of the ClickHouse server.")


def reason(error: Error) -> str:
    """The system's text without the address that the driver adds, as ``Connection refused``."""
    return str(error.message or "").split(" (")[0].strip() or type(error).__name__


def tls_phrase(settings: Settings) -> str:
    return "with TLS" if settings.clickhouse_secure else "without TLS"


def quote_identifier(name: str) -> str:
    """A database or table name as SQL."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
