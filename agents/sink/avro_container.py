"""Avro object container files for ClickHouse: records go in as they came from Kafka, and ClickHouse reads them.

Reading a record here and writing it out again as columns costs ten times what ClickHouse takes to read it itself.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

from fastavro import writer

from agents.clickhouse.tables import Table
from schemas.records import Record

SYNC = b"tenor to clicks."  # 16 bytes that stand between the blocks of a file; any will do
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
def head(record: Record) -> bytes:
    """How a file of these records begins: magic number, schema, sync marker."""
    out = BytesIO()
    writer(out, record.published, [], sync_marker=SYNC)
    return out.getvalue()


def file_of(record: Record, bodies: Sequence[bytes]) -> bytes:
    """A file with one block of Avro bodies that are written with this very schema."""
    block = b"".join(bodies)
    return b"".join((head(record), long(len(bodies)), long(len(block)), block, SYNC))


def long(number: int) -> bytes:
    """A number from 0, as Avro writes a long."""
    number, out = number << 1, bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


@cache
def statement(table: Table, record: Record) -> str:
    """The statement that takes such a file; ``table.from_avro`` says how columns follow from fields."""
    columns, how = ", ".join(table.columns), dict(table.from_avro or ())
    taken = ", ".join(how.get(name, name) for name in table.columns)
    structure = ", ".join(f"{field['name']} {column_type(field['type'])}" for field in record.published["fields"])
    quoted = structure.replace("'", "\\'")
    return f"INSERT INTO {table.name} ({columns}) SELECT {taken} FROM input('{quoted}') FORMAT Avro"  # noqa: S608 - our own names


def column_type(node: Any) -> str:
    """The ClickHouse type an Avro type is read as. An array or a map that is null comes out empty."""
    if isinstance(node, list):
        (known,) = [one for one in node if one != "null"]
        inner = column_type(known)
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
