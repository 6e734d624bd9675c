"""ClickHouse: does it answer on both ports, is it new enough, are the tables made, may this user do its task."""

from collections.abc import Iterable, Iterator

from clickhouse_driver import Client

from agents.clickhouse import migrate
from agents.clickhouse.client import session
from agents.clickhouse.http import ClickHouseHttp
from agents.doctor import clocks, grants
from agents.doctor.check import Check, looked
from agents.settings.model import Settings

ABOUT, TABLES = "clickhouse", "tables"
TRIED = (26, 9)  # what the tests run on


def look(settings: Settings, roles: Iterable[str] | None, made: bool = True) -> Iterator[Check]:
    """Everything about ClickHouse. ``Failure`` when it does not let us in.

    Args:
        roles: of deploy/clickhouse/grants.sql that the user must have; None tells which it has.
        made: whether the tables must be there.
    """
    with session(settings, database="") as client:
        yield version(settings, client)
        yield from looked(ABOUT, lambda: http(settings))
        yield from looked(clocks.ABOUT, lambda: [clocks.of_clickhouse(client)])
        yield from looked(grants.ABOUT, lambda: grants.look(settings, client, roles))
    if made:
        yield from looked(TABLES, lambda: tables(settings))


def version(settings: Settings, client: Client) -> Check:
    found = str(client.execute("SELECT version()")[0][0])
    where = f"ClickHouse {found} at {settings.clickhouse_host}:{settings.clickhouse_port}"
    if tuple(int(part) for part in found.split(".")[:2]) < TRIED:
        return Check(
            ABOUT, "warning", f"{where} is older than {'.'.join(map(str, TRIED))}, which the tests run on", "upgrade it"
        )
    return Check(ABOUT, "ok", where)


def http(settings: Settings) -> Iterator[Check]:
    """Whether the other port is ClickHouse's, too."""
    port = settings.clickhouse_http_port
    if not port:
        return
    client = ClickHouseHttp(settings, timeout_s=5)
    try:
        client.post("SELECT 1 FORMAT Null", b"", {})
        yield Check(ABOUT, "ok", f"takes inserts over HTTP on port {port}")
    except Exception as error:  # of http.client, ssl and sockets
        found = f"the HTTP port {port} does not answer as ClickHouse's ({type(error).__name__})"
        yield Check(ABOUT, "failed", found, "check TENOR_CLICKHOUSE_HTTP_PORT; 0 uses only the native one")
    finally:
        client.close()


def tables(settings: Settings) -> Iterator[Check]:
    migrate.require_current(settings)
    yield Check(TABLES, "ok", f"the database {settings.clickhouse_database} is up to date")
