"""Records and dead letters as rows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.clickhouse.client import connect
from agents.clickhouse.http import ClickHouseHttp
from agents.clickhouse.migrate import migrate
from agents.clickhouse.tables import TABLES, to_columns
from agents.kafka.consumed_record import ConsumedRecord
from agents.settings.model import Settings
from agents.sink.avro_container import build_file, insert_statement
from agents.sink.dead_letter_table import DEAD_LETTERS, dead_letter_row
from agents.sink.inserter import AVRO_SETTINGS, INSERT_SETTINGS
from schemas.codec import Codec
from schemas.errors import Reason, Rejected
from schemas.headers import dead_letter_headers
from schemas.records import record
from schemas.topics import RECORD_OF, Name
from tests.support.data.records import (
    AT,
    alert,
    alert_command,
    command,
    decision,
    delivery,
    distal,
    outcome,
    point,
    rating,
    snapshot,
    workload,
)
from tests.support.servers.shared_engines import ClickHousePorts

CODEC = Codec()
SAMPLES = {
    Name.TRAJECTORIES: point,
    Name.DECISIONS: decision,
    Name.OUTCOMES: outcome,
    Name.ALERTS: alert,
    Name.RATINGS: rating,
    Name.DISTAL: distal,
    Name.COMMANDS: command,
    Name.POLICY: snapshot,
    Name.ALERT_COMMANDS: alert_command,
    Name.DELIVERIES: delivery,
    Name.WORKLOAD: workload,
}

# What ClickHouse reads itself, with changes that leave out what may be unknown.
UNKNOWN: dict[Name, dict[str, Any]] = {
    Name.TRAJECTORIES: {"reply": None, "customer_id": None, "contributions": [], "cues": []},
    Name.DECISIONS: {"predicted_reward": {"slow": 0.1, "own": -0.2}, "propensities": [], "option": None, "tried": []},
    Name.OUTCOMES: {"post_level": None, "reward": None, "censoring_reason": "no_turns", "raised_at": None},
    Name.ALERTS: {"conversation_id": None, "contributions": [], "evidence": [], "rule_version": None},
    Name.DISTAL: {"customer_id": None, "raised_at": AT},
}


def letter(headers: Any, value: bytes | None = b"payload", timestamp: int = AT) -> ConsumedRecord:
    return ConsumedRecord("conversation.messages.dlq", 0, 17, b"key", value, headers, timestamp)


@pytest.mark.integration
@pytest.mark.parametrize("name", SAMPLES)
def test_rows_fit_their_tables_and_come_back(settings: Settings, name: Name) -> None:
    migrate(settings)
    client = connect(settings)
    table, datum = TABLES[name], SAMPLES[name]()
    client.execute(table.insert, to_columns(table, [table.row(datum)]), columnar=True)
    described = {row[0] for row in client.execute(f"DESCRIBE TABLE {table.name}")}
    assert described == {*table.columns, "inserted_at"}
    (stored,) = client.execute(f"SELECT {', '.join(table.columns)} FROM {table.name}")
    for column, value in zip(table.columns, stored, strict=True):
        expected = table.row(datum)[column]
        if (
            column in ("event_time", "decided_at", "opened_at", "created_at", "raised_at", "until", "since")
            and value is not None
        ):
            value = round(value.timestamp() * 1000)
        assert value == expected, column


@pytest.mark.integration
@pytest.mark.parametrize("name", UNKNOWN)
def test_what_clickhouse_reads_itself_is_what_we_would_write(
    settings: Settings, clickhouse: ClickHousePorts, name: Name
) -> None:
    migrate(settings)
    client, table, schema = connect(settings), TABLES[name], record(RECORD_OF[name])
    known, unknown = SAMPLES[name](1), SAMPLES[name](2, **UNKNOWN[name])
    client.execute(table.insert, to_columns(table, [table.row(known), table.row(unknown)]), columnar=True)
    bodies = [CODEC.encode(schema, datum)[10:] for datum in (known, unknown)]
    http = ClickHouseHttp(settings.model_copy(update={"clickhouse_http_port": clickhouse.http_port}))
    http.post(insert_statement(table, schema), build_file(schema, bodies), INSERT_SETTINGS | AVRO_SETTINGS)
    http.close()
    rows = client.execute(f"SELECT {', '.join(table.columns)} FROM {table.name} ORDER BY event_time")
    assert set(UNKNOWN) == {name for name in TABLES if TABLES[name].from_avro is not None}
    assert len(rows) == 4
    assert rows[0] == rows[1] != rows[2] == rows[3]


@pytest.mark.integration
def test_dead_letter_rows_fit_their_table(settings: Settings) -> None:
    migrate(settings)
    client = connect(settings)
    rows = [dead_letter_row(letter((), timestamp=at)) for at in (0, AT, 2**62)]
    client.execute(DEAD_LETTERS.insert, to_columns(DEAD_LETTERS, rows), columnar=True)
    assert {row[0] for row in client.execute("DESCRIBE TABLE dead_letters")} == {*DEAD_LETTERS.columns, "inserted_at"}
    assert client.execute("SELECT count() FROM dead_letters") == [(3,)]


def test_what_is_reshaped() -> None:
    row = TABLES[Name.DECISIONS].row(decision())
    assert row["propensities"] == {"slow": 0.4, "own": 0.4, "control": 0.2}
    assert row["predicted_reward"] == {}
    assert row["contributions"] == [("text.sentiment", 0.75), ("text.blame", 0.25)]
    learned = TABLES[Name.DECISIONS].row(decision(predicted_reward={"slow": 0.1}))
    assert learned["predicted_reward"] == {"slow": 0.1}
    assert TABLES[Name.TRAJECTORIES].row(point())["source_offset"] == 1


def test_a_dead_letter_says_why_and_where_but_not_what() -> None:
    refusal = Rejected(Reason.WRONG_TYPE, "event_time must be an integer")
    headers = dead_letter_headers([("mine", b"x")], refusal, ("conversation.messages", 3, 42), "ingest")
    row = dead_letter_row(letter(headers))
    assert row == {
        "topic": "conversation.messages",
        "partition": 3,
        "offset": 42,
        "failed_at": AT,
        "stage": "ingest",
        "reason": "wrong_type",
        "message": "event_time must be an integer",
        "bytes": 7,
        "dlq_partition": 0,
        "dlq_offset": 17,
    }


@pytest.mark.parametrize("headers", [None, (), [("other", b"x")], [("__connect.errors.topic", None)]])
def test_a_dead_letter_without_reasons_is_unknown(headers: Any) -> None:
    row = dead_letter_row(letter(headers, value=None))
    assert (row["topic"], row["partition"], row["offset"]) == ("conversation.messages", 0, 17)
    assert (row["stage"], row["reason"], row["message"], row["bytes"]) == ("unknown", "unknown", "", 0)


def test_text_of_others_is_left_out() -> None:
    """Another program's error text may quote the payload."""
    headers = [("__connect.errors.exception.message", b"cannot parse 'my password'")]
    assert dead_letter_row(letter(headers))["message"] == ""


ERROR_NAMES = st.sampled_from(["topic", "partition", "offset", "stage", "reason", "exception.message"])
HEADERS = st.lists(st.tuples(ERROR_NAMES.map("__connect.errors.".__add__), st.none() | st.binary(max_size=30)))


@given(HEADERS, st.integers(-1, 2**63 - 1))
def test_no_dead_letter_can_fail(headers: Any, timestamp: int) -> None:
    row = dead_letter_row(letter(headers, timestamp=timestamp))
    assert set(row) == set(DEAD_LETTERS.columns)
    assert 0 <= row["partition"] < 2**31
    assert 0 <= row["offset"] < 2**63
