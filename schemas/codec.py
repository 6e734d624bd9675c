"""The wire codec: records to bytes and back.

It always reads three forms: Avro single-object encoding (``C3 01``, fingerprint, body), JSON with the header
``content-type: application/json``, and, where a schema registry is set, the Confluent wire format (``00``,
four bytes of schema id, body). It writes Confluent's form with a registry, single-object without.
"""

import struct
from collections.abc import Iterable, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import Protocol, cast

import fastavro

from schemas.errors import Reason, Rejected
from schemas.json_form import from_json
from schemas.records import Datum, Record, Schema, head_schema, writers

SINGLE_OBJECT = b"\xc3\x01"
CONFLUENT = b"\x00"
JSON_TYPE = "application/json"
CONTRACT_VERSION = "1"
VERSION_HEADER = "tenor-version"

Headers = Mapping[str, bytes]
SchemaOrRefusal = Schema | Rejected
NO_SCHEMAS: Mapping[int, SchemaOrRefusal] = MappingProxyType({})


class Registry(Protocol):
    """The part of a schema registry the codec needs. Implementations do the I/O and cache."""

    def id_of(self, record: Record) -> int:
        """ID under which the record's schema is registered."""

    def schema(self, schema_id: int) -> Schema:
        """Parsed schema of that id; ``Rejected`` when there is none. Does not wait long."""

    async def fetch_schemas(self, ids: Iterable[int]) -> Mapping[int, SchemaOrRefusal]:
        """What ``schema`` returns or raises, for each id. Waits while the registry is unavailable."""


class Codec:
    """Reads and writes events.

    Args:
        registry: where Confluent schema ids are resolved; None reads and writes single-object encoding.
        fetched: schemas already fetched, by id; the registry is asked for all others.
    """

    def __init__(self, registry: Registry | None = None, fetched: Mapping[int, SchemaOrRefusal] = NO_SCHEMAS) -> None:
        self._registry, self._fetched = registry, fetched
        self._prefixes: dict[str, bytes] = {}

    async def with_schemas_for(self, values: Iterable[bytes | None]) -> "Codec":
        """A codec with the schemas of these values already fetched, off the event loop."""
        if self._registry is None:
            return self
        ids = {int.from_bytes(value[1:5], "big") for value in values if value is not None and is_confluent(value)}
        return Codec(self._registry, await self._registry.fetch_schemas(ids)) if ids else self

    def encode(self, record: Record, datum: Datum) -> bytes:
        """Bytes of a record. Raises what fastavro raises when the datum does not fit the schema: a bug in Tenor."""
        out = BytesIO()
        out.write(self._prefix(record))
        fastavro.schemaless_writer(out, record.schema, datum)
        return out.getvalue()

    def decode(self, record: Record, value: bytes | None, headers: Headers) -> Datum:
        """The event in ``value``, or ``Rejected``."""
        if not value:
            raise Rejected(Reason.EMPTY, "the event has no value")
        check_version(headers)
        if is_json(headers):
            return from_json(record, value)
        writer, start = self._writer(value)
        return read_body(record, writer, value, start)

    def body_start(self, record: Record, value: bytes) -> int | None:
        """Where the body starts in a value written with exactly this schema; None for any other value."""
        try:
            writer, start = self._writer(value)
        except Rejected:
            return None
        return start if writer is record.schema else None

    def head(self, record: Record, value: bytes | None, last: str) -> Datum | None:
        """The fields up to ``last``, at a fraction of the cost of all; None when only ``decode`` can read the value.

        That is when it was written with another schema, or is broken. The fields after ``last`` are not checked.
        """
        start = self.body_start(record, value or b"")
        if value is None or start is None:
            return None
        body = BytesIO(value)
        body.seek(start)
        try:
            return cast(Datum, fastavro.schemaless_reader(body, head_schema(record, last)))
        except Exception:  # see read_body
            return None

    def _prefix(self, record: Record) -> bytes:
        prefix = self._prefixes.get(record.name)
        if prefix is None:
            prefix = self._prefixes[record.name] = self._new_prefix(record)
        return prefix

    def _new_prefix(self, record: Record) -> bytes:
        if self._registry is None:
            return SINGLE_OBJECT + record.fingerprint
        return CONFLUENT + struct.pack(">I", self._registry.id_of(record))

    def _writer(self, value: bytes) -> tuple[Schema, int]:
        """Schema an event was written with, and where its body starts."""
        if value[:2] == SINGLE_OBJECT:
            return find_writer(value[2:10]), 10
        if self._registry is not None and is_confluent(value):
            schema_id = int.from_bytes(value[1:5], "big")
            fetched = self._fetched.get(schema_id)
            return (self._registry.schema(schema_id) if fetched is None else schema_or_raise(fetched)), 5
        raise Rejected(Reason.UNKNOWN_FORMAT, f"neither Avro nor JSON; JSON needs the header content-type: {JSON_TYPE}")


def is_confluent(value: bytes) -> bool:
    return value[:1] == CONFLUENT and len(value) >= 5


def schema_or_raise(answer: SchemaOrRefusal) -> Schema:
    """The schema; or else raises the refusal, a new exception for each event."""
    if isinstance(answer, Rejected):
        raise Rejected(answer.reason, answer.detail)
    return answer


def find_writer(fingerprint: bytes) -> Schema:
    schema = writers().get(fingerprint)
    if schema is None:
        raise Rejected(Reason.UNKNOWN_SCHEMA, f"no schema has the fingerprint {fingerprint.hex()}")
    return schema


def read_body(record: Record, writer: Schema, value: bytes, start: int) -> Datum:
    """Decode the Avro body at ``start``, resolving the writer's schema to ours."""
    if writer["name"] != record.full_name:
        raise Rejected(Reason.UNKNOWN_SCHEMA, f"the event is a {writer['name']}, expected {record.full_name}")
    body = BytesIO(value)
    body.seek(start)
    reader = None if writer is record.schema else record.schema
    try:
        datum = fastavro.schemaless_reader(body, writer, reader)
    except Exception as error:  # fastavro raises a dozen types on broken bytes, none of them ours to tell apart
        raise Rejected(Reason.BROKEN_AVRO, f"the Avro body cannot be read ({type(error).__name__})") from None
    if body.tell() != len(value):
        raise Rejected(Reason.BROKEN_AVRO, f"{len(value) - body.tell()} bytes left over after the Avro body")
    assert isinstance(datum, dict)
    return datum


def check_version(headers: Headers) -> None:
    version = headers.get(VERSION_HEADER)
    if version is not None and version != CONTRACT_VERSION.encode():
        raise Rejected(Reason.UNKNOWN_VERSION, f"{VERSION_HEADER} must be {CONTRACT_VERSION}")


def is_json(headers: Headers) -> bool:
    content_type = headers.get("content-type")
    return content_type is not None and content_type.split(b";")[0].strip().lower() == JSON_TYPE.encode()
