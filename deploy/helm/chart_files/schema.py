"""values.schema.json: closed everywhere, so that a misspelled value is refused and not overlooked."""

import json
from typing import Any

from deploy.helm.chart_files import settings
from deploy.helm.chart_files.commented import Value
from deploy.helm.chart_files.kinds import BY_KEY, BY_PATH, Schema, closed

MADE = {"settings": settings.schema}
# Written once, and referred to: what is more than a line.
DEFINED = sorted(key for key, said in BY_KEY.items() if len(json.dumps(said)) > 80)
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def schema(values: list[Value]) -> str:
    """The file."""
    top: Schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Values of the chart tenor"}
    top |= closed() | {"$defs": {key: BY_KEY[key] for key in DEFINED}}
    top["properties"] = {"global": {"type": "object", "description": "Of a chart this one is a part of; not read."}}
    for value in values:
        place(top, value.path, of_value(value))
    return json.dumps(top, indent=1) + "\n"


def place(tree: Schema, path: tuple[str, ...], leaf: Schema) -> None:
    for key in path[:-1]:
        tree = tree["properties"].setdefault(key, closed())
    tree["properties"][path[-1]] = leaf


def of_value(value: Value) -> Schema:
    return {"description": value.about} | kind(value)


def kind(value: Value) -> Schema:
    if value.name in MADE:
        return MADE[value.name]()
    if value.name in BY_PATH:
        return BY_PATH[value.name]
    key = value.path[-1]
    if key in BY_KEY:
        return {"$ref": f"#/$defs/{key}"} if key in DEFINED else BY_KEY[key]
    return of_default(value.name, value.default)


def of_default(name: str, default: Any) -> Schema:
    if type(default) not in TYPES:
        raise ValueError(f"{name}: kinds.py does not say what it may be")
    return {"type": TYPES[type(default)]} | ({"minimum": 0} if type(default) is int else {})
