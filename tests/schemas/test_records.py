"""The Avro records: their names, their documentation, their fingerprints."""

import json
from collections.abc import Iterator
from typing import Any

import avro.schema
import pytest
from fastavro.schema import to_parsing_canonical_form

from schemas.errors import Reason, Rejected
from schemas.records import Record, crc64, parse, record, records, without_logical_types, writer_schema, writers
from tests.support.data.schema_strategies import RECORDS

NAMES = {
    "assignment": "tenor.Assignment",
    "team_workload": "tenor.TeamWorkload",
    "alert": "tenor.Alert",
    "alert_command": "tenor.AlertCommand",
    "alert_delivery": "tenor.AlertDelivery",
    "customer_note": "tenor.CustomerNote",
    "decision": "tenor.Decision",
    "forgotten": "tenor.Forgotten",
    "intervention": "tenor.Intervention",
    "keystrokes": "tenor.KeystrokeBurst",
    "message": "tenor.Message",
    "navigation": "tenor.NavigationEvent",
    "outcome": "tenor.Outcome",
    "policy_snapshot": "tenor.PolicySnapshot",
    "policy_command": "tenor.PolicyCommand",
    "distal_outcome": "tenor.DistalOutcome",
    "prosody": "tenor.ProsodyFrame",
    "rating": "tenor.Rating",
    "signal": "tenor.Signal",
    "trajectory_point": "tenor.TrajectoryPoint",
}


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a schema, itself included."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(child)


def reference_fingerprint(schema: Any) -> bytes:
    return bytes(avro.schema.parse(json.dumps(schema)).fingerprint("CRC-64-AVRO"))


def test_names_are_stable() -> None:
    """A name is what producers register and what every event on the bus was written under."""
    assert {name: one.full_name for name, one in records().items()} == NAMES


@pytest.mark.parametrize("name", RECORDS)
def test_everything_with_a_name_is_documented(name: str) -> None:
    undocumented = [node["name"] for node in nodes(record(name).published) if "name" in node and not node.get("doc")]
    assert undocumented == []


@pytest.mark.parametrize("name", RECORDS)
def test_a_nullable_field_of_ours_is_null_first_and_by_default(name: str) -> None:
    """Null first is what the default null needs, and unknown is null, never neutral."""
    for node in nodes(record(name).published):
        for field in node.get("fields", ()):
            if isinstance(field["type"], list):
                assert field["type"][0] == "null"
                assert field["default"] is None


@pytest.mark.parametrize("name", RECORDS)
def test_logical_types_are_gone_at_run_time_and_the_bytes_stay(name: str) -> None:
    one = record(name)
    assert any("logicalType" in node for node in nodes(one.published))
    assert not any("logicalType" in node for node in nodes(one.schema))
    bare = without_logical_types(one.published)
    assert to_parsing_canonical_form(bare) == to_parsing_canonical_form(one.published)


@pytest.mark.parametrize("name", RECORDS)
def test_the_fingerprint_is_the_reference_librarys(name: str) -> None:
    one = record(name)
    assert one.fingerprint == reference_fingerprint(without_logical_types(one.published))
    assert len(one.fingerprint) == 8


@pytest.mark.parametrize("name", RECORDS)
def test_python_avros_own_fingerprint_is_accepted_too(name: str) -> None:
    """It does not simplify {"type": "long"} where a logical type stood."""
    one = record(name)
    quirk = reference_fingerprint(one.published)
    assert quirk != one.fingerprint
    assert writers()[quirk] is one.schema


@pytest.mark.parametrize("name", RECORDS)
def test_todays_writer_is_the_reader_itself(name: str) -> None:
    """By this identity the codec knows that there is nothing to resolve: a third of the time of a decode."""
    one = record(name)
    assert writers()[one.fingerprint] is one.schema
    assert writer_schema(json.dumps(one.published)) is one.schema


def test_fingerprints_tell_the_records_apart() -> None:
    assert len({record.fingerprint for record in records().values()}) == len(NAMES)


def test_a_record_is_a_key() -> None:
    """Registries cache ids by record."""
    assert {record("message"): 1}[record("message")] == 1
    assert record("message") != record("rating")


def test_there_is_no_other_record() -> None:
    with pytest.raises(KeyError):
        record("Message")


def test_logical_types_go_at_any_depth() -> None:
    timestamp = {"type": "long", "logicalType": "timestamp-millis"}
    nested = {"type": "array", "items": ["null", {"type": "map", "values": timestamp}]}
    assert without_logical_types(nested) == {"type": "array", "items": ["null", {"type": "map", "values": "long"}]}


def test_a_foreign_version_of_a_record_is_read_as_it_is() -> None:
    published = json.loads(json.dumps(record("rating").published))
    published["fields"].append({"name": "mood", "type": "string"})
    assert writer_schema(json.dumps(published)) == parse(published)
    assert crc64(published) not in writers()


@pytest.mark.parametrize(
    "text",
    [
        'syntax = "proto3"; message Message {}',
        "null",
        "{}",
        "[]",
        "17",
        '"string"',
        '["null", "string"]',
        '{"type": "array", "items": "int"}',
        '{"type": "enum", "name": "Message", "namespace": "tenor", "symbols": ["a"]}',
        '{"type": "object", "properties": {"text": {"type": "string"}}}',
        '{"type": "record", "name": "Message", "namespace": "tenor", "fields": [{"name": "a", "type": "Elsewhere"}]}',
        "[" * 100_000,
    ],
)
def test_what_else_a_registry_may_hold_is_refused(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        writer_schema(text)
    assert caught.value.reason is Reason.UNKNOWN_SCHEMA


def test_a_record_keeps_its_published_schema() -> None:
    one = record("message")
    assert isinstance(one, Record)
    assert one.published["fields"][2]["type"]["logicalType"] == "timestamp-millis"
