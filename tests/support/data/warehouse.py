"""Stores records as the sink does, and queries views."""

from collections.abc import Iterable, Sequence
from typing import Any

from agents.clickhouse.client import rows, session
from agents.clickhouse.tables import TABLES, Table, to_columns
from agents.settings.model import Settings
from schemas.topics import Name
from tests.support.data.experiments import Made

POINTS = TABLES[Name.TRAJECTORIES]
DECISIONS = TABLES[Name.DECISIONS]
OUTCOMES = TABLES[Name.OUTCOMES]
ALERTS = TABLES[Name.ALERTS]
RATINGS = TABLES[Name.RATINGS]
DISTAL = TABLES[Name.DISTAL]
POLICY = TABLES[Name.POLICY]


def insert(settings: Settings, table: Table, data: Iterable[Any]) -> None:
    with session(settings) as client:
        client.execute(table.insert, to_columns(table, [table.row(datum) for datum in data]), columnar=True)


def ask(settings: Settings, query: str) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries."""
    with session(settings) as client:
        return rows(client, query)


def of(settings: Settings, view: str, tenant: str) -> list[dict[str, Any]]:
    """A tenant's rows of a view."""
    return ask(settings, f"SELECT * FROM {view} WHERE tenant = '{tenant}'")


def by(rows: Iterable[dict[str, Any]], *names: str) -> dict[Any, dict[str, Any]]:
    """Rows by their values of one column, or of several."""
    return {tuple(row[name] for name in names) if len(names) > 1 else row[names[0]]: row for row in rows}


def store(settings: Settings, made: Sequence[Made], twice: bool = False) -> None:
    for _ in range(2 if twice else 1):
        insert(settings, DECISIONS, [choice.decision for choice in made])
        insert(settings, OUTCOMES, [choice.outcome for choice in made])
