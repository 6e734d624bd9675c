"""Avro object container files: records go to ClickHouse as they came from Kafka, and ClickHouse decodes them.

Decoding a record here and writing it as columns costs ten times what ClickHouse needs to read it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

from fastavro import writer

from agents.clickhouse.tables import Table
from schemas.records import Record

SYNC_MARKER = b"tenor to clicks."  # 16 bytes between the blocks of a file; any value works
SCALARS = {
    "string": "String",
    "int": "Int32",
    "long": "Int64",
    "float": "Float32",
    "double": "Float64",
    "boolean": "Bool",
    "timestamp-millis": "DateTime64(3, 'UTC')",
}


@cache
def file_header(record: Record) -> bytes:
    """The header of a file of these records: magic number, schema, sync marker."""
    out = BytesIO()
    writer(out, record.published, [], sync_marker=SYNC_MARKER)
    return out.getvalue()


def build_file(record: Record, bodies: Sequence[bytes]) -> bytes:
    """A file with one block of Avro bodies, all written with this schema."""
    block = b"".join(bodies)
    return b"".join((file_header(record), encode_long(len(bodies)), encode_long(len(block)), block, SYNC_MARKER))


def encode_long(number: int) -> bytes:
    """Encode a number from 0 as an Avro long (zigzag, variable length)."""
    number, out = number << 1, bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


@cache
def insert_statement(table: Table, record: Record) -> str:
    """The INSERT statement for such a file; ``table.from_avro`` says how columns follow from fields."""
    columns, expressions = ", ".join(table.columns), dict(table.from_avro or ())
    selected = ", ".join(expressions.get(name, name) for name in table.columns)
    structure = ", ".join(f"{field['name']} {column_type(field['type'])}" for field in record.published["fields"])
    quoted = structure.replace("'", "\\'")
    return f"INSERT INTO {table.name} ({columns}) SELECT {selected} FROM input('{quoted}') FORMAT Avro"  # noqa: S608 - our own names


def column_type(node: Any) -> str:
    """The ClickHouse type an Avro type is read as. A null array or map is read as an empty one."""
    if isinstance(node, list):
        (branch,) = [branch for branch in node if branch != "null"]
        inner = column_type(branch)
        return inner if inner.startswith(("Map", "Array", "Tuple")) else f"Nullable({inner})"
    if isinstance(node, Mapping):
        return nested_type(node)
    return SCALARS[node]


def nested_type(node: Mapping[str, Any]) -> str:
    name = node.get("logicalType", node["type"])
    if name == "array":
        return f"Array({column_type(node['items'])})"
    if name == "map":
        return f"Map(String, {column_type(node['values'])})"
    if name == "record":
        fields = ", ".join(f"{field['name']} {column_type(field['type'])}" for field in node["fields"])
        return f"Tuple({fields})"
    return "String" if name == "enum" else SCALARS[name]
