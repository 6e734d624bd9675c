"""Grants: whether this ClickHouse user has those of a role of deploy/clickhouse/grants.sql."""

from collections.abc import Iterable, Iterator

from clickhouse_driver import Client
from clickhouse_driver.errors import ErrorCodes, ServerException

from agents.clickhouse.client import quote_identifier
from agents.clickhouse.tables import TABLES
from agents.doctor.check import Check, join_names
from agents.settings.model import Settings

SUBJECT = "grants"
WRITTEN = (*(table.name for table in TABLES.values()), "dead_letters")
# By role: privilege and table; * for every table of the database.
NEEDED: dict[str, tuple[tuple[str, str], ...]] = {
    "migrate": (
        *(
            (right, "*")
            for right in (
                "CREATE DATABASE",
                "CREATE TABLE",
                "DROP VIEW",
                "ALTER COLUMN",
                "ALTER MODIFY COMMENT",
                "SELECT",
            )
        ),
        ("DROP TABLE", "wording_studies"),
        ("INSERT", "migrations"),
    ),
    "sink": (*(("INSERT", name) for name in WRITTEN), ("SELECT", "migrations")),
    "reader": (("SELECT", "*"),),
    "analyst": (("SELECT", "*"), ("INSERT", "candidate_policies")),
}
TODO = "Create the roles of deploy/clickhouse/grants.sql, then: GRANT tenor_{role} TO {user}"


def check_grants(settings: Settings, client: Client, roles: Iterable[str] | None) -> Iterator[Check]:
    """Whether the user has the grants of ``roles``; None reports of which roles it has them."""
    try:
        missing = {role: missing_grants(settings, client, role) for role in (NEEDED if roles is None else roles)}
    except ServerException as error:
        if error.code != ErrorCodes.SYNTAX_ERROR:
            raise
        yield Check(SUBJECT, "warning", "This ClickHouse is too old to check grants", "Check them with: SHOW GRANTS")
        return
    complete = [role for role, grants in missing.items() if not grants]
    user = settings.clickhouse_user
    if complete and (roles is None or len(complete) == len(missing)):
        yield Check(SUBJECT, "ok", f"User {user} has the grants of these roles: {', '.join(complete)}")
        return
    for role, grants in missing.items():
        if grants:
            finding = f"User {user} lacks grants of the role {role}: {join_names(grants)}"
            yield Check(SUBJECT, "failed", finding, TODO.format(role=role, user=user))


def missing_grants(settings: Settings, client: Client, role: str) -> list[str]:
    """What the role may do and the user may not."""
    database = settings.clickhouse_database
    needed = NEEDED[role]
    return [
        f"{right} ON {database}.{table}" for right, table in needed if not has_grant(client, database, right, table)
    ]


def has_grant(client: Client, database: str, right: str, table: str) -> bool:
    target = table if table == "*" else quote_identifier(table)
    return bool(client.execute(f"CHECK GRANT {right} ON {quote_identifier(database)}.{target}")[0][0])
