"""BACKWARD compatibility: today's reader must read what every older version wrote.

An older version is kept as ``avro/past/<record>/<version>.avsc``. The judge is the ``avro`` reference library.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from avro.schema import NamedSchema

from schemas.records import AVRO, PAST, Schema


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """One reason why events in flight would be lost.

    Attributes:
        record: file stem of the record, as ``message``.
        version: file stem of the older version.
        problem: what is wrong, and where in the schema.
    """

    record: str
    version: str
    problem: str

    def __str__(self) -> str:
        return f"{self.record}.avsc cannot read version {self.version}: {self.problem}"


def problems(reader: Schema, writer: Schema) -> list[str]:
    """Why ``reader`` cannot read what ``writer`` wrote; empty when it can."""
    ours, theirs = (avro.schema.parse(json.dumps(schema)) for schema in (reader, writer))
    assert isinstance(ours, NamedSchema)
    assert isinstance(theirs, NamedSchema)
    if ours.fullname != theirs.fullname:  # Avro compares short names only; our codec compares full ones
        return [f"the name was {theirs.fullname}, is {ours.fullname}"]
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    result = checker.get_compatibility(ours, theirs)
    if result.compatibility is SchemaCompatibilityType.compatible:
        return []
    where = ", ".join(sorted(result.locations))
    kinds = sorted({incompatibility.value for incompatibility in result.incompatibilities})
    return [f"{', '.join(kinds)} ({'; '.join(sorted(result.messages))}) at {where}"]


def incompatibilities(current: Path = AVRO, past: Path = PAST) -> Iterator[Incompatibility]:
    """Every older version that its record can no longer read; none while there are no older versions."""
    for path in sorted(past.glob("*/*.avsc")):
        name = path.parent.name
        current_file = current / f"{name}.avsc"
        found_problems = problems(load(current_file), load(path)) if current_file.exists() else ["the record is gone"]
        yield from (Incompatibility(name, path.stem, problem) for problem in found_problems)


def load(path: Path) -> Schema:
    schema: Schema = json.loads(path.read_text(encoding="utf-8"))
    return schema
