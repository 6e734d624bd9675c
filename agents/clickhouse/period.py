"""A period and a tenant as a filter on ClickHouse's tables, so that every view answers for them alone.

ClickHouse applies ``additional_table_filters`` wherever a table is read, also behind a view.
"""

from collections.abc import Iterator
from typing import NamedTuple

from clickhouse_driver import Client
from clickhouse_driver.util.escape import escape_param

from agents.common.errors import Failure
from schemas.errors import Rejected
from schemas.json_form import parse_timestamp

# The column with a row's time, best first. An outcome belongs to the time of its decision.
TIME_COLUMNS = ("decided_at", "event_time", "failed_at", "created_at", "inserted_at")
COLUMNS = """
SELECT table, groupArray(name) FROM system.columns
WHERE database = currentDatabase()
    AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'View')
GROUP BY table ORDER BY table
"""
UNTIMED_TABLES = {"migrations", "candidate_policies"}  # their time says nothing about their content


class Period(NamedTuple):
    """From ``since`` until before ``until``, milliseconds since 1970; None: open. ``tenant`` None: all tenants."""

    since: int | None = None
    until: int | None = None
    tenant: str | None = None

    def condition(self, columns: set[str]) -> str:
        """The filter of a table with these columns, as SQL; empty for none."""
        time = next((name for name in TIME_COLUMNS if name in columns), None)
        return " AND ".join(self._conditions(time, "tenant" in columns))

    def _conditions(self, time: str | None, has_tenant: bool) -> Iterator[str]:
        for sign, at in ((">=", self.since), ("<", self.until)):
            if time is not None and at is not None:
                yield f"{time} {sign} fromUnixTimestamp64Milli({at:d}, 'UTC')"
        if has_tenant and self.tenant is not None:
            yield f"tenant = {string_literal(self.tenant)}"


def parse_period(since: str | None, until: str | None, tenant: str | None = None) -> Period:
    """The period of two RFC 3339 times; ``Failure`` when one is invalid or the period is empty."""
    period = Period(parse_time(since), parse_time(until), tenant)
    if period.since is not None and period.until is not None and period.since >= period.until:
        raise Failure(f"The period is empty: {since} is not before {until}.", "Set --since to a time before --until.")
    return period


def parse_time(text: str | None) -> int | None:
    """Milliseconds since 1970 of an RFC 3339 time; ``Failure`` when it is invalid."""
    try:
        return None if text is None else parse_timestamp(text, "it")
    except Rejected:
        raise Failure(f'Invalid time "{text}"; use RFC 3339 with an offset, such as 2026-03-02T09:00:00Z.') from None


def columns_by_table(client: Client) -> dict[str, set[str]]:
    """Names of the columns of every table of the database."""
    return {table: set(columns) for table, columns in client.execute(COLUMNS)}


def filter_tables(client: Client, period: Period) -> None:
    """Restrict every later query of this connection to a period and its tenant."""
    conditions = {
        name: period.condition(columns)
        for name, columns in columns_by_table(client).items()
        if name not in UNTIMED_TABLES
    }
    ((database,),) = client.execute("SELECT currentDatabase()")
    filters = [
        f"{string_literal(f'{database}.{name}')}: {string_literal(text)}" for name, text in conditions.items() if text
    ]
    if filters:
        client.settings["additional_table_filters"] = f"{{{', '.join(filters)}}}"


def string_literal(text: str) -> str:
    """A text as an SQL string, escaped as the driver escapes parameters: the value of a setting cannot be bound."""
    return str(escape_param(text, None))
