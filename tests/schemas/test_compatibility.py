"""BACKWARD compatibility: what may change in a record, and what may not."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from schemas.compatibility import Incompatibility, incompatibilities, problems
from schemas.records import record

OLD: dict[str, Any] = {
    "type": "record",
    "name": "Thing",
    "namespace": "tenor",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["a", "b"]}},
        {"name": "size", "type": ["null", "int"], "default": None},
        {"name": "parts", "type": {"type": "array", "items": {"type": "record", "name": "Part", "fields": []}}},
    ],
}


def changed(**fields: Any) -> dict[str, Any]:
    """OLD with fields added, replaced or, by None, removed."""
    schema = copy.deepcopy(OLD)
    by_name = {field["name"]: field for field in schema["fields"]} | fields
    schema["fields"] = [{"name": name} | field for name, field in by_name.items() if field is not None]
    return schema


def kinds(symbols: list[str], **more: Any) -> dict[str, Any]:
    return {"type": {"type": "enum", "name": "Kind", "symbols": symbols} | more}


def parts(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": {"type": "array", "items": {"type": "record", "name": "Part", "fields": list(fields)}}}


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        changed(mood={"type": "string", "default": "fine"}),
        changed(mood={"type": ["null", "string"], "default": None}),
        changed(id=None),
        changed(size=None),
        changed(kind=kinds(["a", "b", "c"])),
        changed(kind=kinds(["a"], default="a")),
        changed(size={"type": ["null", "int", "string"], "default": None}),
        changed(size={"type": ["null", "long"], "default": None}),
        changed(parts=parts({"name": "n", "type": "int", "default": 0})),
    ],
    ids=[
        "nothing",
        "field with a default",
        "nullable field with a default",
        "field removed",
        "nullable field removed",
        "symbol added",
        "symbol removed, enum has a default",
        "union widened",
        "int became long",
        "nested field with a default",
    ],
)
def test_what_may_change(new: dict[str, Any]) -> None:
    assert problems(new, OLD) == []


@pytest.mark.parametrize(
    ("new", "kind", "said"),
    [
        (changed(mood={"type": "string"}), "reader_field_missing_default_value", "mood"),
        (changed(mood={"type": ["null", "string"]}), "reader_field_missing_default_value", "mood"),
        (changed(kind=kinds(["a"])), "missing_enum_symbols", "'b'"),
        (changed(id={"type": "long"}), "type_mismatch", "long not compatible with writer type: string"),
        (changed(size={"type": "int"}), "type_mismatch", "int not compatible with writer type: null"),
        (changed(size={"type": ["null", "string"], "default": None}), "missing_union_branch", "INT"),
        (changed(parts=parts({"name": "n", "type": "int"})), "reader_field_missing_default_value", "n"),
        (OLD | {"name": "Other"}, "the name was tenor.Thing, is tenor.Other", ""),
        (OLD | {"namespace": "elsewhere"}, "the name was tenor.Thing, is elsewhere.Thing", ""),
    ],
    ids=[
        "field without a default",
        "nullable field without a default",
        "symbol removed",
        "type changed",
        "no longer nullable",
        "union branch replaced",
        "nested field without a default",
        "renamed",
        "moved",
    ],
)
def test_what_may_not_change(new: dict[str, Any], kind: str, said: str) -> None:
    [problem] = problems(new, OLD)
    assert kind in problem
    assert said in problem


def write(root: Path, name: str, schema: dict[str, Any]) -> None:
    path = root / f"{name}.avsc"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema))


def test_every_older_version_is_judged(tmp_path: Path) -> None:
    current, past = tmp_path, tmp_path / "past"
    write(current, "thing", changed(mood={"type": "string"}))
    write(past, "thing/1", OLD)
    write(past, "thing/2", changed(mood={"type": "string"}))
    write(past, "gone/1", OLD)
    gone, thing = incompatibilities(current, past)
    assert gone == Incompatibility("gone", "1", "the record is gone")
    assert (thing.record, thing.version) == ("thing", "1")
    assert str(thing).startswith("thing.avsc cannot read version 1: reader_field_missing_default_value (mood)")


def test_there_may_be_no_older_version(tmp_path: Path) -> None:
    assert list(incompatibilities(past=tmp_path / "past")) == []


def test_no_older_version_of_ours_is_lost() -> None:
    assert [str(incompatibility) for incompatibility in incompatibilities()] == []


def test_a_record_reads_itself(tmp_path: Path) -> None:
    write(tmp_path, "decision/1", record("decision").published)
    assert list(incompatibilities(past=tmp_path)) == []
