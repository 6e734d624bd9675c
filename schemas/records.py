"""The Avro records, as published and as used at run time.

At run time logical types are stripped: a timestamp is an integer of milliseconds, which costs nothing to
decode and compares exactly. The bytes on the wire and the canonical form are the same either way.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

from schemas.errors import Reason, Rejected

AVRO = Path(__file__).parent / "avro"
PAST = AVRO / "past"

Schema = dict[str, Any]
Datum = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One Avro record. Compared and hashed by identity: there is one object per record, and schemas do not hash.

    Attributes:
        name: file stem, as ``trajectory_point``.
        published: the schema as it stands in the file.
        schema: parsed by fastavro, logical types stripped.
        fingerprint: CRC-64-AVRO of the canonical form, 8 bytes little-endian (Avro single-object encoding).
    """

    name: str
    published: Schema
    schema: Schema
    fingerprint: bytes

    @property
    def full_name(self) -> str:
        return f"{self.published['namespace']}.{self.published['name']}"


def without_logical_types(node: Any) -> Any:
    """The schema with ``{"type": "long", "logicalType": ...}`` replaced by ``"long"``, at any depth."""
    if isinstance(node, list):
        return [without_logical_types(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "logicalType" in node:
        return node["type"]
    return {key: without_logical_types(value) for key, value in node.items()}


def crc64(schema: Schema) -> bytes:
    """CRC-64-AVRO fingerprint of a schema, in the byte order of single-object encoding."""
    return bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))


def parse(published: Schema) -> Schema:
    """Parse a published schema for run time."""
    parsed = fastavro.parse_schema(without_logical_types(published))
    if not isinstance(parsed, dict) or parsed["type"] != "record":
        raise ValueError("not a record schema")
    return parsed


def writer_schema(text: str) -> Schema:
    """Parse a registered schema; ``Rejected`` when it is not an Avro record.

    A schema of Tenor returns its own object, so the codec need not resolve it.
    """
    try:
        published = json.loads(text)
        return writers().get(crc64(published)) or parse(published)
    except Exception:  # Protobuf, JSON Schema, a union, an unresolved name: a producer's mistake
        raise Rejected(Reason.UNKNOWN_SCHEMA, "the registered schema is not an Avro record") from None


def load(path: Path) -> Record:
    published = json.loads(path.read_text(encoding="utf-8"))
    return Record(path.stem, published, parse(published), crc64(published))


@cache
def records() -> dict[str, Record]:
    """Every record by name."""
    return {path.stem: load(path) for path in sorted(AVRO.glob("*.avsc"))}


def record(name: str) -> Record:
    """The record of that name; KeyError when there is none."""
    return records()[name]


@cache
def head_schema(whole: Record, last: str) -> Schema:
    """Schema of a record's fields up to ``last``: Avro writes fields one after another, with nothing between."""
    fields = whole.published["fields"]
    names = [field["name"] for field in fields]
    return parse({**whole.published, "fields": fields[: names.index(last) + 1]})


@cache
def writers() -> dict[bytes, Schema]:
    """Schemas an event may have been written with, by fingerprint: today's and those in ``avro/past``.

    The Python ``avro`` library leaves ``{"type": "long"}`` unsimplified where a logical type stood, so its
    fingerprints differ from every other implementation's. Both are accepted; the standard one is written.
    """
    by_fingerprint: dict[bytes, Schema] = {}
    # Current schemas are the objects of records(): the codec sees by identity that there is nothing to resolve.
    for known_record in [*map(load, sorted(PAST.glob("*/*.avsc"))), *records().values()]:
        by_fingerprint[crc64_of_python_avro(known_record.published)] = known_record.schema
        by_fingerprint[known_record.fingerprint] = known_record.schema
    return by_fingerprint


def crc64_of_python_avro(published: Schema) -> bytes:
    """The fingerprint the Python ``avro`` library computes for a schema."""
    import avro.schema

    return bytes(avro.schema.parse(json.dumps(published)).fingerprint("CRC-64-AVRO"))
