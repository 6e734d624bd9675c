"""The wire: every record in every form, against the reference libraries, and every kind of broken input."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import permutations
from pathlib import Path
from typing import Any

import avro.io
import avro.schema
import fastavro
import pytest
from confluent_kafka.schema_registry import Schema as RegistrySchema
from confluent_kafka.schema_registry import SchemaRegistryClient, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from hypothesis import given
from hypothesis import strategies as st

from agents.schema_registry.client import ConfluentRegistry
from schemas import records as records_module
from schemas.codec import CONTRACT_VERSION, SINGLE_OBJECT, VERSION_HEADER, Codec, is_json
from schemas.errors import Reason, Rejected
from schemas.json_form import to_json
from schemas.records import Datum, record, records, without_logical_types, writers
from schemas.validation import Limits, check
from tests.support.data.schema_samples import INPUTS, JSON, NOW, as_json, event
from tests.support.data.schema_strategies import FEW, RECORDS, datums, smallest

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CONTEXT = SerializationContext("any", MessageField.VALUE)
SINGLE = Codec()


def new_registry() -> SchemaRegistryClient:
    """confluent-kafka's own registry in memory, with today's schemas as published."""
    registry = SchemaRegistryClient.new_client({"url": "mock://tests"})
    for schema in records().values():
        registry.register_schema(schema.full_name, RegistrySchema(json.dumps(schema.published), "AVRO"))
    return registry


@pytest.fixture(scope="module")
def client() -> SchemaRegistryClient:
    """Tests register more schemas here."""
    return new_registry()


@pytest.fixture(scope="module")
def confluent(client: SchemaRegistryClient) -> Codec:
    return Codec(ConfluentRegistry(client))


@pytest.fixture(scope="module")
def confluent_today() -> Codec:
    """Knows one schema of each record, so no other id can name the same record."""
    return Codec(ConfluentRegistry(new_registry()))


def refusal(codec: Codec, name: str, value: bytes | None, headers: dict[str, bytes] | None = None) -> Rejected:
    with pytest.raises(Rejected) as caught:
        codec.decode(record(name), value, headers or {})
    caught.value.detail.encode()  # it becomes a header
    return caught.value


def reference(name: str) -> Any:
    """The reference library's schema; without logical types it reads and writes what we do."""
    return avro.schema.parse(json.dumps(without_logical_types(record(name).published)))


def in_milliseconds(node: Any) -> Any:
    """A datum with confluent-kafka's datetimes as we have them."""
    if isinstance(node, datetime):
        return (node - EPOCH) // timedelta(milliseconds=1)
    if isinstance(node, dict):
        return {key: in_milliseconds(value) for key, value in node.items()}
    return [in_milliseconds(item) for item in node] if isinstance(node, list) else node


# Every record, every form


@pytest.mark.parametrize("name", RECORDS)
@FEW
@given(data=st.data())
def test_single_object(name: str, data: st.DataObject) -> None:
    one, datum = record(name), data.draw(datums(name))
    value = SINGLE.encode(one, datum)
    assert value[:10] == b"\xc3\x01" + one.fingerprint
    assert SINGLE.decode(one, value, {}) == datum


@pytest.mark.parametrize("name", RECORDS)
@FEW
@given(data=st.data())
def test_the_body_is_what_the_reference_library_writes(name: str, data: st.DataObject) -> None:
    datum, schema, written = data.draw(datums(name)), reference(name), BytesIO()
    avro.io.DatumWriter(schema).write(datum, avro.io.BinaryEncoder(written))
    ours = SINGLE.encode(record(name), datum)
    assert written.getvalue() == ours[10:]
    body = BytesIO(ours[10:])
    assert avro.io.DatumReader(schema, schema).read(avro.io.BinaryDecoder(body)) == datum


@pytest.mark.parametrize("name", RECORDS)
@FEW
@given(data=st.data())
def test_confluent(name: str, data: st.DataObject, confluent: Codec, client: SchemaRegistryClient) -> None:
    one, datum = record(name), data.draw(datums(name))
    conf = {"auto.register.schemas": False, "subject.name.strategy": record_subject_name_strategy}
    theirs = AvroSerializer(client, json.dumps(one.published), conf=conf)(datum, CONTEXT)
    assert theirs is not None
    assert confluent.encode(one, datum) == theirs
    assert confluent.decode(one, theirs, {}) == datum
    assert in_milliseconds(AvroDeserializer(client)(theirs, CONTEXT)) == datum


@pytest.mark.parametrize("name", INPUTS)
@FEW
@given(data=st.data())
def test_json(name: str, data: st.DataObject, confluent: Codec) -> None:
    datum = data.draw(datums(name))
    for codec in (SINGLE, confluent):
        assert codec.decode(record(name), to_json(datum), JSON) == datum


@pytest.mark.parametrize("name", RECORDS)
def test_every_form_is_read_with_a_registry_and_all_but_confluents_without(name: str, confluent: Codec) -> None:
    one, datum = record(name), smallest(name)
    assert confluent.decode(one, SINGLE.encode(one, datum), {}) == datum
    assert refusal(SINGLE, name, confluent.encode(one, datum)).reason is Reason.UNKNOWN_FORMAT


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (b"application/json", True),
        (b"application/json; charset=utf-8", True),
        (b" Application/JSON ;charset=utf-8", True),
        (b"application/avro", False),
        (b"application/jsonl", False),
        (b"text/json", False),
        (b"", False),
        (b"\xff\xfe", False),
    ],
)
def test_what_counts_as_json(content_type: bytes, expected: bool) -> None:
    assert is_json({"content-type": content_type}) is expected
    assert is_json({}) is False


def test_the_contracts_version_may_be_said() -> None:
    one, datum = record("message"), event("message")
    headers = {VERSION_HEADER: CONTRACT_VERSION.encode(), "content-type": b"application/avro"}
    assert SINGLE.decode(one, SINGLE.encode(one, datum), headers) == datum


# Older and newer writers


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for older versions, empty, known to the codec while the test runs."""
    monkeypatch.setattr(records_module, "PAST", tmp_path)
    writers.cache_clear()
    yield tmp_path
    writers.cache_clear()


def older_rating() -> dict[str, Any]:
    """A rating that had one field less, one more, and another order."""
    schema: dict[str, Any] = json.loads(json.dumps(record("rating").published))
    kept = [field for field in reversed(schema["fields"]) if field["name"] != "resonance"]
    schema["fields"] = [*kept, {"name": "mood", "type": "string", "doc": "Dropped since."}]
    return schema


def older_body(schema: dict[str, Any]) -> tuple[bytes, Datum]:
    """What an older version wrote, and what it means today."""
    today = event("rating")
    body = BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(without_logical_types(schema)), today | {"mood": "fine"})
    return body.getvalue(), today | {"resonance": None}


def test_an_older_version_is_resolved(past: Path) -> None:
    schema = older_rating()
    (past / "rating").mkdir()
    (past / "rating" / "1.avsc").write_text(json.dumps(schema))
    body, today = older_body(schema)
    for published in (schema, without_logical_types(schema)):  # python-avro's fingerprint, and everyone else's
        fingerprint = bytes(avro.schema.parse(json.dumps(published)).fingerprint("CRC-64-AVRO"))
        assert SINGLE.decode(record("rating"), SINGLE_OBJECT + fingerprint + body, {}) == today


def test_todays_version_may_be_kept_among_the_older_ones(past: Path) -> None:
    one = record("rating")
    (past / "rating").mkdir()
    (past / "rating" / "1.avsc").write_text(json.dumps(one.published))
    assert writers()[one.fingerprint] is one.schema


def test_another_registered_version_is_resolved(client: SchemaRegistryClient, confluent: Codec) -> None:
    schema = older_rating()
    number = client.register_schema("elsewhere-value", RegistrySchema(json.dumps(schema), "AVRO"))
    body, today = older_body(schema)
    assert confluent.decode(record("rating"), b"\x00" + number.to_bytes(4, "big") + body, {}) == today


# Broken input


AVRO = SINGLE.encode(record("message"), event("message"))


@pytest.mark.parametrize(
    ("value", "headers", "reason"),
    [
        (None, {}, Reason.EMPTY),
        (b"", {}, Reason.EMPTY),
        (b"", JSON, Reason.EMPTY),
        (AVRO, {VERSION_HEADER: b"2"}, Reason.UNKNOWN_VERSION),
        (AVRO, {VERSION_HEADER: b""}, Reason.UNKNOWN_VERSION),
        (AVRO, {VERSION_HEADER: b"\xff"}, Reason.UNKNOWN_VERSION),
        (as_json("message"), JSON | {VERSION_HEADER: b"0"}, Reason.UNKNOWN_VERSION),
        (as_json("message"), {}, Reason.UNKNOWN_FORMAT),
        (b"Obj\x01" + AVRO, {}, Reason.UNKNOWN_FORMAT),
        (AVRO[10:], {}, Reason.UNKNOWN_FORMAT),
        (b"\xc3\x02" + AVRO[2:], {}, Reason.UNKNOWN_FORMAT),
        (b"\x00\x00\x00\x00\x01" + AVRO[10:], {}, Reason.UNKNOWN_FORMAT),
        (SINGLE_OBJECT + b"\0" * 8 + AVRO[10:], {}, Reason.UNKNOWN_SCHEMA),
        (SINGLE_OBJECT + AVRO[9:1:-1] + AVRO[10:], {}, Reason.UNKNOWN_SCHEMA),
        (AVRO[:10], {}, Reason.BROKEN_AVRO),
        (AVRO + b"\0", {}, Reason.BROKEN_AVRO),
        (AVRO + AVRO, {}, Reason.BROKEN_AVRO),
        (AVRO[:10] + b"\x02\xff" + AVRO[22:], {}, Reason.BROKEN_AVRO),
        (AVRO[:10] + b"\xff" * 30, {}, Reason.BROKEN_AVRO),
        (AVRO[:10] + b"\xfe" + b"\xff" * 8 + b"\x01" + AVRO[10:], {}, Reason.BROKEN_AVRO),
        (AVRO, JSON, Reason.BROKEN_JSON),
    ],
)
def test_broken_input(value: bytes | None, headers: dict[str, bytes], reason: Reason) -> None:
    assert refusal(SINGLE, "message", value, headers).reason is reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\x00", Reason.UNKNOWN_FORMAT),
        (b"\x00\x00\x00\x00", Reason.UNKNOWN_FORMAT),
        (b"\x00\x7f\xff\xff\xff", Reason.UNKNOWN_SCHEMA),
        (b"\x00\xff\xff\xff\xff" + AVRO[10:], Reason.UNKNOWN_SCHEMA),
        (b"\x00\x00\x00\x00\x00" + AVRO[10:], Reason.UNKNOWN_SCHEMA),
        (b"\x01" + AVRO, Reason.UNKNOWN_FORMAT),
        (as_json("message"), Reason.UNKNOWN_FORMAT),
    ],
)
def test_broken_input_with_a_registry(value: bytes, reason: Reason, confluent: Codec) -> None:
    assert refusal(confluent, "message", value).reason is reason


@pytest.mark.parametrize(("written", "expected"), list(permutations(RECORDS, 2)))
def test_the_wrong_record(written: str, expected: str, confluent: Codec) -> None:
    for codec in (SINGLE, confluent):
        result = refusal(codec, expected, codec.encode(record(written), smallest(written)))
        assert result.reason is Reason.UNKNOWN_SCHEMA
        assert result.detail == f"the event is a {record(written).full_name}, expected {record(expected).full_name}"


@pytest.mark.parametrize(
    ("text", "kind"), [('"string"', "AVRO"), ('{"type": "object"}', "JSON"), ('syntax = "proto3";', "PROTOBUF")]
)
def test_what_else_a_registry_holds_is_refused(text: str, kind: str) -> None:
    registry = SchemaRegistryClient.new_client({"url": f"mock://{kind}"})
    number = registry.register_schema("other", RegistrySchema(text, kind))
    codec = Codec(ConfluentRegistry(registry))
    assert refusal(codec, "message", b"\x00" + number.to_bytes(4, "big")).reason is Reason.UNKNOWN_SCHEMA


def test_a_newer_schema_in_the_registry_does_not_change_the_id_we_write() -> None:
    registry = SchemaRegistryClient.new_client({"url": "mock://upgraded"})
    one = record("rating")
    registry.register_schema(one.full_name, RegistrySchema(json.dumps(one.published), "AVRO"))
    registry.register_schema(one.full_name, RegistrySchema(json.dumps(older_rating()), "AVRO"))
    codec, datum = Codec(ConfluentRegistry(registry)), event("rating")
    assert codec.decode(one, codec.encode(one, datum), {}) == datum


@pytest.mark.parametrize("name", RECORDS)
@FEW
@given(data=st.data())
def test_no_truncated_event_is_read(name: str, data: st.DataObject) -> None:
    value = SINGLE.encode(record(name), data.draw(datums(name)))
    end = data.draw(st.integers(1, len(value) - 1))
    expected = Reason.UNKNOWN_FORMAT if end < 2 else Reason.UNKNOWN_SCHEMA if end < 10 else Reason.BROKEN_AVRO
    assert refusal(SINGLE, name, value[:end]).reason is expected


def read_or_refused(codec: Codec, name: str, value: bytes, headers: dict[str, bytes]) -> Reason | None:
    """Reason of a refusal; None for an event that is whole, down to every type."""
    try:
        datum = codec.decode(record(name), value, headers)
        if name in INPUTS:
            check(name, datum, NOW, Limits())
            assert fastavro.validate(datum, record(name).schema)
    except Rejected as result:
        result.detail.encode()
        return result.reason
    return None


@pytest.mark.parametrize("name", RECORDS)
@FEW
@given(data=st.data())
def test_flipped_bits_are_read_or_refused(name: str, data: st.DataObject, confluent_today: Codec) -> None:
    for codec, start in ((SINGLE, 10), (confluent_today, 5)):
        value = bytearray(codec.encode(record(name), data.draw(datums(name))))
        bit = data.draw(st.integers(0, len(value) * 8 - 1))
        value[bit // 8] ^= 1 << bit % 8
        result = read_or_refused(codec, name, bytes(value), {})
        if bit < start * 8:
            assert result in (Reason.UNKNOWN_FORMAT, Reason.UNKNOWN_SCHEMA, Reason.RATE_LIMITED)


@pytest.mark.parametrize("name", RECORDS)
@FEW
@given(body=st.binary(max_size=200), data=st.data())
def test_any_bytes_are_read_or_refused(name: str, body: bytes, data: st.DataObject, confluent: Codec) -> None:
    prefixes = [
        b"",
        SINGLE_OBJECT,
        SINGLE_OBJECT + record(name).fingerprint,
        confluent.encode(record(name), smallest(name))[:5],
    ]
    value = data.draw(st.sampled_from(prefixes)) + body
    for codec in (SINGLE, confluent):
        for headers in ({}, JSON):
            read_or_refused(codec, name, value, headers)


@FEW
@given(st.dictionaries(st.sampled_from(["content-type", VERSION_HEADER]), st.binary(max_size=30)))
def test_any_headers_are_read_or_refused(headers: dict[str, bytes]) -> None:
    read_or_refused(SINGLE, "message", AVRO, headers)


@given(st.sampled_from(RECORDS), st.data())
def test_a_head_is_what_decoding_gives_up_to_there(name: str, data: st.DataObject) -> None:
    """Of every record, at every field."""
    one, datum = record(name), data.draw(datums(name))
    value = SINGLE.encode(one, datum)
    names = [field["name"] for field in one.published["fields"]]
    last = data.draw(st.sampled_from(names))
    whole = SINGLE.decode(one, value, {})
    assert SINGLE.head(one, value, last) == {name: whole[name] for name in names[: names.index(last) + 1]}


@pytest.mark.parametrize("value", [None, b"", b"{}", SINGLE_OBJECT, SINGLE_OBJECT + record("signal").fingerprint])
def test_no_head_where_decoding_must_tell_why(value: bytes | None) -> None:
    assert SINGLE.head(record("signal"), value, "tenant") is None
