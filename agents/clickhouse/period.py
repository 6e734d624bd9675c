"""A period, and a tenant, as a filter on ClickHouse's tables: the views named for questions then answer for it alone.

ClickHouse applies ``additional_table_filters`` wherever a table is read, also behind a view.
"""

from collections.abc import Iterator
from typing import NamedTuple

from clickhouse_driver import Client
from clickhouse_driver.util.escape import escape_param

from agents.common.errors import Failure
from schemas.errors import Rejected
from schemas.json_form import milliseconds

# What says when a row happened, best first. An outcome belongs to its decision.
TIMES = ("decided_at", "event_time", "failed_at", "created_at", "inserted_at")
COLUMNS = """
SELECT table, groupArray(name) FROM system.columns
WHERE database = currentDatabase()
    AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'View')
GROUP BY table ORDER BY table
"""
WHATEVER = {"migrations", "candidate_policies"}  # when these were written says nothing about their content


class Period(NamedTuple):
    """From ``since`` until before ``until``, milliseconds; None is open. ``tenant`` None is all of them."""

    since: int | None = None
    until: int | None = None
    tenant: str | None = None

    def condition(self, columns: set[str]) -> str:
        """The filter of a table with these columns, as SQL; empty for none."""
        time = next((name for name in TIMES if name in columns), None)
        return " AND ".join(self._conditions(time, "tenant" in columns))

    def _conditions(self, time: str | None, has_tenant: bool) -> Iterator[str]:
        for sign, at in ((">=", self.since), ("<", self.until)):
            if time is not None and at is not None:
                yield f"{time} {sign} fromUnixTimestamp64Milli({at:d}, 'UTC')"
        if has_tenant and self.tenant is not None:
            yield f"tenant = {literal(self.tenant)}"


def period(since: str | None, until: str | None, tenant: str | None = None) -> Period:
    """The period of two RFC 3339 times; ``Failure`` for an invalid time or an empty period."""
    found = Period(moment(since), moment(until), tenant)
    if found.since is not None and found.until is not None and found.since >= found.until:
        raise Failure(f"The period is empty: {since} is not before {until}.", "Set --since to a time before --until.")
    return found


def moment(text: str | None) -> int | None:
    """Milliseconds of an RFC 3339 time; ``Failure`` for an invalid one."""
    try:
        return None if text is None else milliseconds(text, "it")
    except Rejected:
        raise Failure(f'Invalid time "{text}"; use RFC 3339 with an offset, such as 2026-03-02T09:00:00Z.') from None


def tables(client: Client) -> dict[str, set[str]]:
    """Columns of every table of the database, by table."""
    return {table: set(columns) for table, columns in client.execute(COLUMNS)}


def limit(client: Client, wanted: Period) -> None:
    """Have every further query of this connection read that period alone."""
    conditions = {name: wanted.condition(columns) for name, columns in tables(client).items() if name not in WHATEVER}
    ((database,),) = client.execute("SELECT currentDatabase()")
    filters = [f"{literal(f'{database}.{name}')}: {literal(text)}" for name, text in conditions.items() if text]
    if filters:
        client.settings["additional_table_filters"] = f"{{{', '.join(filters)}}}"


def literal(text: str) -> str:
    """A text as a string of SQL, escaped as the driver escapes what it binds: a setting's value cannot be bound."""
    return str(escape_param(text, None))
