"""Events that ingest must refuse, each with the reason in its dead letter."""

import json
from collections.abc import Callable
from typing import Any

from schemas.codec import SINGLE_OBJECT, Codec
from schemas.errors import Reason
from schemas.json_form import to_json
from schemas.records import record
from schemas.topics import Name
from tests.support.bus_events import burst, click, message, now_ms

Headers = dict[str, bytes]
JSON: Headers = {"content-type": b"application/json"}
DAY_MS = 86_400_000
CODEC = Codec()


def avro(name: str, event: dict[str, Any]) -> bytes:
    return CODEC.encode(record(name), event)


def without(event: dict[str, Any], field: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != field}


def operators(event: dict[str, Any]) -> bytes:
    return to_json({**event, "participant_role": "operator"})


def nan_in_json() -> bytes:
    return json.dumps({**click("bad"), "x": float("nan")}).encode()


BAD: dict[str, tuple[Name, Callable[[], bytes | None], Headers, Reason]] = {
    "broken avro": (Name.MESSAGES, lambda: avro("message", message("bad"))[:40], {}, Reason.BROKEN_AVRO),
    "bytes left over": (Name.MESSAGES, lambda: avro("message", message("bad")) + b"x", {}, Reason.BROKEN_AVRO),
    "unknown schema": (Name.MESSAGES, lambda: SINGLE_OBJECT + b"12345678" + b"body", {}, Reason.UNKNOWN_SCHEMA),
    "another record": (Name.MESSAGES, lambda: avro("navigation", click("bad")), {}, Reason.UNKNOWN_SCHEMA),
    "schema id without registry": (Name.MESSAGES, lambda: b"\x00\x00\x00\x00\x07body", {}, Reason.UNKNOWN_FORMAT),
    "json without its header": (Name.MESSAGES, lambda: to_json(message("bad")), {}, Reason.UNKNOWN_FORMAT),
    "not json": (Name.MESSAGES, lambda: b'{"text": ', JSON, Reason.BROKEN_JSON),
    "not utf-8": (Name.MESSAGES, lambda: b'{"text": "\xff"}', JSON, Reason.BROKEN_JSON),
    "missing field": (Name.MESSAGES, lambda: to_json(without(message("bad"), "event_id")), JSON, Reason.MISSING_FIELD),
    "misspelled field": (Name.MESSAGES, lambda: to_json({**message("bad"), "txt": "x"}), JSON, Reason.UNKNOWN_FIELD),
    "wrong type": (Name.MESSAGES, lambda: to_json({**message("bad"), "text": 7}), JSON, Reason.WRONG_TYPE),
    "nan in json": (Name.NAVIGATION, nan_in_json, JSON, Reason.NOT_A_NUMBER),
    "nan in avro": (
        Name.NAVIGATION,
        lambda: avro("navigation", click("bad", x=float("nan"))),
        {},
        Reason.NOT_A_NUMBER,
    ),
    "far future": (
        Name.MESSAGES,
        lambda: avro("message", message("bad", event_time=now_ms() + 30 * DAY_MS)),
        {},
        Reason.TIME_OUT_OF_RANGE,
    ),
    "far past": (Name.MESSAGES, lambda: avro("message", message("bad", event_time=0)), {}, Reason.TIME_OUT_OF_RANGE),
    "no conversation": (
        Name.MESSAGES,
        lambda: to_json(without(message("bad"), "conversation_id")),
        JSON,
        Reason.MISSING_CONVERSATION,
    ),
    "empty conversation": (Name.MESSAGES, lambda: avro("message", message(" ")), {}, Reason.MISSING_CONVERSATION),
    "5 MB": (Name.MESSAGES, lambda: avro("message", message("bad", "x" * 5_000_000)), {}, Reason.TOO_LARGE),
    "unknown version": (
        Name.MESSAGES,
        lambda: avro("message", message("bad")),
        {"tenor-version": b"9"},
        Reason.UNKNOWN_VERSION,
    ),
    "no value": (Name.MESSAGES, lambda: None, {}, Reason.EMPTY),
    "an operator's keystrokes": (Name.KEYSTROKES, lambda: operators(burst("bad")), JSON, Reason.WRONG_TYPE),
    "arrays that differ": (
        Name.KEYSTROKES,
        lambda: avro("keystrokes", burst("bad", dwell_ms=[1.0])),
        {},
        Reason.OUT_OF_RANGE,
    ),
}
