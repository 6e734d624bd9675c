"""The ClickHouse table of each record, and how a decoded record becomes a row. Pure.

Times stay integers of milliseconds: DateTime64(3) is stored like that, and the driver passes integers through.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.records import Datum, record
from schemas.topics import Name

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """The table of one kind of record.

    Attributes:
        name: of the table.
        columns: inserted columns, in this order; the server sets ``inserted_at``.
        row: makes a row of a decoded record (for dead letters: of the consumed one).
        from_avro: where ClickHouse may read the record itself, the columns that are not fields and their expressions;
            None where each record must be checked first.
    """

    name: str
    columns: tuple[str, ...]
    row: Callable[[Any], Row]
    from_avro: tuple[tuple[str, str], ...] | None = None

    @property
    def insert(self) -> str:
        """The insert statement; its data are columns."""
        return f"INSERT INTO {self.name} ({', '.join(self.columns)}) VALUES"


def to_columns(table: Table, rows: Sequence[Row]) -> list[list[Any]]:
    """The rows as one list for each column, the driver's fastest form."""
    return [[row[name] for row in rows] for name in table.columns]


def unchanged(datum: Datum) -> Row:
    return datum


def point_row(datum: Datum) -> Row:
    source = datum["source"]
    return {
        **datum,
        "reply": datum["reply"] or {},
        "contributions": to_shares(datum["contributions"]),
        "source_topic": source["topic"],
        "source_partition": source["partition"],
        "source_offset": source["offset"],
    }


def decision_row(datum: Datum) -> Row:
    return {
        **datum,
        "contributions": to_shares(datum["contributions"]),
        "tried": to_tuples(datum["tried"]),
        "propensities": {chance["option"]: chance["probability"] for chance in datum["propensities"]},
        "predicted_reward": datum["predicted_reward"] or {},
    }


def to_tuples(rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Nested records as ClickHouse's tuples, in the order of their fields."""
    return [tuple(row.values()) for row in rows]


def outcome_row(datum: Datum) -> Row:
    return {**datum, "tried": to_tuples(datum["tried"]), "contributions": to_shares(datum["contributions"])}


def snapshot_row(datum: Datum) -> Row:
    return {**datum, "evidence": to_tuples(datum["evidence"])}


def alert_row(datum: Datum) -> Row:
    # A column of the sorting key cannot be NULL: an alert about the policy has an empty conversation_id.
    conversation_id = datum["conversation_id"] or ""
    nested = {"contributions": to_shares(datum["contributions"]), "tried": to_tuples(datum["tried"])}
    return {**datum, "conversation_id": conversation_id, **nested}


def delivery_row(datum: Datum) -> Row:
    return {**datum, "conversation_id": datum["conversation_id"] or ""}


def to_shares(contributions: Iterable[Mapping[str, Any]]) -> list[tuple[str, float]]:
    return [(contribution["signal"], contribution["share"]) for contribution in contributions]


def columns_of(record_name: str, *excluded: str) -> tuple[str, ...]:
    """Columns of a record's table: its fields without ``excluded``, a source as three columns."""
    fields = [field["name"] for field in record(record_name).published["fields"] if field["name"] not in excluded]
    source = ("source_topic", "source_partition", "source_offset")
    return tuple(name for field in fields for name in (source if field == "source" else (field,)))


PROPENSITIES = (("propensities", "mapFromArrays(propensities.option, propensities.probability)"),)
NOT_NULL = (("conversation_id", "ifNull(conversation_id, '')"),)
FROM_SOURCE = tuple((f"source_{name}", f"source.{name}") for name in ("topic", "partition", "offset"))

TABLES = {
    Name.TRAJECTORIES: Table("trajectory_points", columns_of("trajectory_point"), point_row, FROM_SOURCE),
    Name.DECISIONS: Table("decisions", columns_of("decision"), decision_row, PROPENSITIES),
    Name.OUTCOMES: Table("outcomes", columns_of("outcome"), outcome_row, ()),
    Name.ALERTS: Table("alerts", columns_of("alert"), alert_row, NOT_NULL),
    Name.RATINGS: Table("ratings", columns_of("rating"), unchanged),
    Name.DISTAL: Table("distal_outcomes", columns_of("distal_outcome"), unchanged, ()),
    Name.COMMANDS: Table("policy_commands", columns_of("policy_command"), unchanged),
    Name.POLICY: Table(
        "policy_snapshots",
        columns_of("policy_snapshot", "format", "precision", "response", "errors", "recent_errors", "positions"),
        snapshot_row,
    ),
    Name.ALERT_COMMANDS: Table("alert_commands", columns_of("alert_command"), unchanged),
    Name.DELIVERIES: Table("alert_deliveries", columns_of("alert_delivery"), delivery_row),
    Name.WORKLOAD: Table("team_workloads", columns_of("team_workload"), unchanged),
}
