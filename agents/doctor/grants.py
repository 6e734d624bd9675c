"""Grants: may this ClickHouse user do what a role of ours does? They are those of deploy/clickhouse/grants.sql."""

from collections.abc import Iterable, Iterator

from clickhouse_driver import Client
from clickhouse_driver.errors import ErrorCodes, ServerException

from agents.clickhouse.client import quote_identifier
from agents.clickhouse.tables import TABLES
from agents.doctor.check import Check, listed
from agents.settings.model import Settings

ABOUT = "grants"
WRITTEN = (*(table.name for table in TABLES.values()), "dead_letters")
# Of each role what it may do to which table; * for all of the database.
NEEDED: dict[str, tuple[tuple[str, str], ...]] = {
    "migrate": (
        *((right, "*") for right in ("CREATE DATABASE", "CREATE TABLE", "DROP VIEW", "ALTER COLUMN", "SELECT")),
        ("DROP TABLE", "wording_studies"),
        ("INSERT", "migrations"),
    ),
    "sink": (*(("INSERT", name) for name in WRITTEN), ("SELECT", "migrations")),
    "reader": (("SELECT", "*"),),
    "analyst": (("SELECT", "*"), ("INSERT", "candidate_policies")),
}
TODO = "deploy/clickhouse/grants.sql has a role for every task: GRANT tenor_{role} TO {user}"


def look(settings: Settings, client: Client, roles: Iterable[str] | None) -> Iterator[Check]:
    """Whether the user may do what ``roles`` do; None: what of it all it may do."""
    try:
        lacking = {role: lacks(settings, client, role) for role in (NEEDED if roles is None else roles)}
    except ServerException as error:
        if error.code != ErrorCodes.SYNTAX_ERROR:
            raise
        yield Check(ABOUT, "warning", "this ClickHouse is too old to be asked about grants", "ask it: SHOW GRANTS")
        return
    enough = [role for role, missing in lacking.items() if not missing]
    user = settings.clickhouse_user
    if enough and (roles is None or len(enough) == len(lacking)):
        yield Check(ABOUT, "ok", f"user {user} may do what these roles do: {', '.join(enough)}")
        return
    for role, missing in lacking.items():
        if missing:
            found, todo = f"user {user} lacks for {role}: {listed(missing)}", TODO.format(role=role, user=user)
            yield Check(ABOUT, "failed", found, todo)


def lacks(settings: Settings, client: Client, role: str) -> list[str]:
    """What a role does and the user may not."""
    database = settings.clickhouse_database
    return [
        f"{right} ON {database}.{table}" for right, table in NEEDED[role] if not may(client, database, right, table)
    ]


def may(client: Client, database: str, right: str, table: str) -> bool:
    what = table if table == "*" else quote_identifier(table)
    return bool(client.execute(f"CHECK GRANT {right} ON {quote_identifier(database)}.{what}")[0][0])
