"""ClickHouse: whether both ports answer, its version, the tables, and the grants of the user."""

from collections.abc import Iterable, Iterator

from clickhouse_driver import Client

from agents.clickhouse import migrate
from agents.clickhouse.client import session
from agents.clickhouse.http import ClickHouseHttp
from agents.doctor import clocks, grants
from agents.doctor.check import Check, run_check
from agents.settings.model import Settings

SUBJECT, TABLES = "clickhouse", "tables"
TESTED_VERSION = (26, 9)  # the tests run on this version


def check_clickhouse(settings: Settings, roles: Iterable[str] | None, tables_exist: bool = True) -> Iterator[Check]:
    """Every check of ClickHouse. Raises ``Failure`` when it cannot be used at all.

    Args:
        roles: the roles of deploy/clickhouse/grants.sql that the user must have; None reports which it has.
        tables_exist: whether the tables must exist.
    """
    with session(settings, database="") as client:
        yield check_version(settings, client)
        yield from run_check(SUBJECT, lambda: check_http(settings))
        yield from run_check(clocks.SUBJECT, lambda: [clocks.check_clickhouse_clock(client)])
        yield from run_check(grants.SUBJECT, lambda: grants.check_grants(settings, client, roles))
    if tables_exist:
        yield from run_check(TABLES, lambda: check_tables(settings))


def check_version(settings: Settings, client: Client) -> Check:
    version = str(client.execute("SELECT version()")[0][0])
    server = f"ClickHouse {version} at {settings.clickhouse_host}:{settings.clickhouse_port}"
    if tuple(int(part) for part in version.split(".")[:2]) < TESTED_VERSION:
        tested = ".".join(map(str, TESTED_VERSION))
        return Check(SUBJECT, "warning", f"{server} is older than the tested version {tested}", "Upgrade ClickHouse")
    return Check(SUBJECT, "ok", server)


def check_http(settings: Settings) -> Iterator[Check]:
    """Whether the HTTP port is ClickHouse's, too."""
    port = settings.clickhouse_http_port
    if not port:
        return
    client = ClickHouseHttp(settings, timeout_s=5)
    try:
        client.post("SELECT 1 FORMAT Null", b"", {})
        yield Check(SUBJECT, "ok", f"Accepts inserts over HTTP on port {port}")
    except Exception as error:  # of http.client, ssl and sockets
        finding = f"HTTP port {port} does not answer as ClickHouse ({type(error).__name__})"
        todo = "Check TENOR_CLICKHOUSE_HTTP_PORT; 0 uses only the native port"
        yield Check(SUBJECT, "failed", finding, todo)
    finally:
        client.close()


def check_tables(settings: Settings) -> Iterator[Check]:
    migrate.require_current(settings)
    yield Check(TABLES, "ok", f"Database {settings.clickhouse_database} is up to date")
