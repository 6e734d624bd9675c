"""Digests: one hash of everything a run published, to compare two runs.

Kafka positions and insertion times are left out; they differ where nothing else does.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from clickhouse_driver import Client

from agents.clickhouse.client import connect
from agents.clickhouse.tables import TABLES
from agents.settings.model import Settings
from schemas.topics import Name

POSITIONS = {"source_topic", "source_partition", "source_offset", "snapshot_offset"}
DIGESTED = {
    "trajectory_points": (Name.TRAJECTORIES, "point_id"),
    "decisions": (Name.DECISIONS, "decision_id"),
    "outcomes": (Name.OUTCOMES, "outcome_id"),
    "distal_outcomes": (Name.DISTAL, "distal_id"),
}
BLOCK_ROWS = 10_000


def digests(settings: Settings) -> dict[str, str]:
    """SHA-256 of each table's rows, in the order of their ids."""
    client = connect(settings)
    try:
        return {table: digest(rows_of(client, table)) for table in DIGESTED}
    finally:
        client.disconnect()


def rows_of(client: Client, table: str) -> Iterable[Any]:
    name, key = DIGESTED[table]
    columns = ", ".join(column for column in TABLES[name].columns if column not in POSITIONS)
    query = f"SELECT {columns} FROM {table} FINAL ORDER BY {key}"
    rows: Iterable[Any] = client.execute_iter(query, settings={"max_block_size": BLOCK_ROWS})
    return rows


def digest(rows: Iterable[Any]) -> str:
    """Hash of the rows: numbers as Python writes them, exactly; maps in the order of their keys."""
    total = sha256()
    for row in rows:
        total.update(json.dumps(row, sort_keys=True, default=moment).encode())
        total.update(b"\n")
    return total.hexdigest()


def moment(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"no digest of a {type(value).__name__}")
    return value.isoformat()
