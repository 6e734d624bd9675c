"""The published examples as events, and the time at which tests validate them."""

import json
from typing import Any

from schemas.asyncapi import EXAMPLES
from schemas.codec import JSON_TYPE
from schemas.json_form import from_json
from schemas.records import Datum, record

JSON = {"content-type": JSON_TYPE.encode()}
NOW = 1_772_442_900_000  # 2026-03-02, minutes after the examples
INPUTS = ("message", "keystrokes", "navigation", "prosody", "rating", "assignment")


def example(name: str, /, **changes: Any) -> Datum:
    """An example as it stands in the file; keyword arguments change fields."""
    said: Datum = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return said | changes


def as_json(name: str, /, **changes: Any) -> bytes:
    return json.dumps(example(name, **changes)).encode()


def event(name: str, /, **changes: Any) -> Datum:
    """An example as the codec hands it on; keyword arguments change fields afterwards."""
    return from_json(record(name), as_json(name)) | changes
