"""Events as plain JSON: what is read, and exactly why something is not."""

import json
import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Reason, Rejected
from schemas.json_form import from_json, to_json
from schemas.records import record
from tests.support.data.schema_samples import INPUTS, as_json, example
from tests.support.data.schema_strategies import FEW, RECORDS, datums

MESSAGE = record("message")
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)


def refusal(name: str, value: bytes) -> Rejected:
    with pytest.raises(Rejected) as caught:
        from_json(record(name), value)
    caught.value.detail.encode()  # it becomes a header
    return caught.value


def raw(name: str, field: str, literal: str) -> bytes:
    """An example with one field written literally."""
    return as_json(name, **{field: "@"}).replace(b'"@"', literal.encode())


@pytest.mark.parametrize("name", RECORDS)
@FEW
@given(data=st.data())
def test_every_record_round_trips(name: str, data: st.DataObject) -> None:
    datum = data.draw(datums(name))
    assert from_json(record(name), to_json(datum)) == datum


def test_what_is_left_out_takes_its_default() -> None:
    least = {"event_id": "e", "conversation_id": "c", "event_time": 0, "participant_role": "bot"}
    assert from_json(MESSAGE, json.dumps(least).encode()) == least | {
        "tenant": "default",
        "channel": "other",
        "customer_id": None,
        "participant_id": None,
        "text": None,
        "language": None,
        "status": "open",
        "keystroke_consent": None,
        "voice_consent": None,
    }


@pytest.mark.parametrize(
    ("name", "field", "literal", "reason", "detail"),
    [
        ("prosody", "jitter", "NaN", Reason.NOT_A_NUMBER, "NaN is not JSON"),
        ("prosody", "jitter", "Infinity", Reason.NOT_A_NUMBER, "Infinity is not JSON"),
        ("prosody", "jitter", "-Infinity", Reason.NOT_A_NUMBER, "-Infinity is not JSON"),
        ("prosody", "jitter", "1e999", Reason.NOT_A_NUMBER, "jitter is not finite"),
        ("prosody", "jitter", "-1e999", Reason.NOT_A_NUMBER, "jitter is not finite"),
        ("prosody", "jitter", "3.41e38", Reason.NOT_A_NUMBER, "jitter is not finite"),
        ("prosody", "jitter", "1" + "0" * 400, Reason.NOT_A_NUMBER, "jitter is not finite"),
        ("prosody", "jitter", "9" * 5000, Reason.OUT_OF_RANGE, "the event holds an integer of thousands of digits"),
        ("prosody", "jitter", "true", Reason.WRONG_TYPE, "jitter must be a number"),
        ("prosody", "jitter", '"0.1"', Reason.WRONG_TYPE, "jitter must be a number"),
        ("prosody", "duration_ms", "null", Reason.WRONG_TYPE, "duration_ms must be a number"),
        ("prosody", "consent", "1", Reason.WRONG_TYPE, "consent must be true or false"),
        ("keystrokes", "pressed_ms", "[0, 1, NaN]", Reason.NOT_A_NUMBER, "NaN is not JSON"),
        ("keystrokes", "pressed_ms", "[0, 1, 1e999]", Reason.NOT_A_NUMBER, "pressed_ms[2] is not finite"),
        ("keystrokes", "pressed_ms", "[0, null]", Reason.WRONG_TYPE, "pressed_ms[1] must be a number"),
        ("keystrokes", "keys", '"letter"', Reason.WRONG_TYPE, "keys must be an array"),
        ("keystrokes", "keys", '["a"]', Reason.WRONG_TYPE, "keys[0] must be one of letter, digit, space"),
        ("keystrokes", "keys", "[1]", Reason.WRONG_TYPE, "keys[0] must be one of letter"),
        ("keystrokes", "keys", "[{}]", Reason.WRONG_TYPE, "keys[0] must be one of letter"),
        ("rating", "clarity", "2147483648", Reason.OUT_OF_RANGE, "clarity does not fit int"),
        ("rating", "clarity", "4.0", Reason.WRONG_TYPE, "clarity must be an integer"),
        ("rating", "clarity", "true", Reason.WRONG_TYPE, "clarity must be an integer"),
        ("message", "event_time", "9223372036854775808", Reason.OUT_OF_RANGE, "event_time does not fit long"),
        ("message", "event_time", "1e3", Reason.WRONG_TYPE, "event_time must be an integer"),
        ("message", "event_time", "1e999", Reason.WRONG_TYPE, "event_time must be an integer"),
        ("message", "event_time", "null", Reason.WRONG_TYPE, "event_time must be an integer"),
        ("message", "event_time", '"2026-03-02T09:14:05"', Reason.WRONG_TYPE, "event_time must be milliseconds or"),
        ("message", "event_time", '"2026-03-02"', Reason.WRONG_TYPE, "event_time must be milliseconds or"),
        ("message", "event_time", '"yesterday"', Reason.WRONG_TYPE, "event_time must be milliseconds or"),
        ("message", "event_time", '"\\ud800"', Reason.WRONG_TYPE, "event_time must be milliseconds or"),
        ("message", "text", "17", Reason.WRONG_TYPE, "text must be a string"),
        ("message", "text", '{"string": "union tag"}', Reason.WRONG_TYPE, "text must be a string"),
        ("message", "text", '"\\ud800 alone"', Reason.BROKEN_JSON, "text holds a lone surrogate"),
        ("message", "conversation_id", '"\\udfff"', Reason.BROKEN_JSON, "conversation_id holds a lone"),
        ("message", "text", "[" * 10_000 + "]" * 10_000, Reason.BROKEN_JSON, "nested too deeply"),
        ("message", "text", '{"a":' * 10_000 + "1" + "}" * 10_000, Reason.BROKEN_JSON, "nested too deeply"),
        ("message", "text", "[[[[]]]]", Reason.WRONG_TYPE, "text must be a string"),
        ("message", "channel", '"fax"', Reason.WRONG_TYPE, "channel must be one of chat, email"),
        ("message", "channel", "[]", Reason.WRONG_TYPE, "channel must be one of chat, email"),
    ],
)
def test_a_wrong_value(name: str, field: str, literal: str, reason: Reason, detail: str) -> None:
    result = refusal(name, raw(name, field, literal))
    assert result.reason is reason
    assert result.detail.startswith(detail)


@pytest.mark.parametrize(
    ("value", "reason", "detail"),
    [
        (b"{", Reason.BROKEN_JSON, "not JSON at character 1"),
        (b'{"event_id": }', Reason.BROKEN_JSON, "not JSON at character 13"),
        (b"hello", Reason.BROKEN_JSON, "not JSON at character 0"),
        (b"{} {}", Reason.BROKEN_JSON, "not JSON at character 3"),
        (b'{"text": "\x01"}', Reason.BROKEN_JSON, "not JSON at character 10"),
        (b'{"text": "\xff"}', Reason.BROKEN_JSON, "not UTF-8"),
        (b'{"text": "caf\xe9"}', Reason.BROKEN_JSON, "not UTF-8"),
        (b"[" * 200_000, Reason.BROKEN_JSON, "nested too deeply"),
        (b"null", Reason.WRONG_TYPE, "the event must be an object"),
        (b"[]", Reason.WRONG_TYPE, "the event must be an object"),
        (b'"text"', Reason.WRONG_TYPE, "the event must be an object"),
        (b"NaN", Reason.NOT_A_NUMBER, "NaN is not JSON"),
    ],
)
def test_what_is_no_event_at_all(value: bytes, reason: Reason, detail: str) -> None:
    result = refusal("message", value)
    assert (result.reason, result.detail) == (reason, detail)


@pytest.mark.parametrize("name", INPUTS)
def test_a_missing_field_is_named(name: str) -> None:
    for field in record(name).published["fields"]:
        if "default" in field:
            continue
        event = example(name)
        del event[field["name"]]
        result = refusal(name, json.dumps(event).encode())
        missing_id = field["name"] == "conversation_id"
        assert result.reason is (Reason.MISSING_CONVERSATION if missing_id else Reason.MISSING_FIELD)
        assert result.detail == f"{field['name']} is missing"


@pytest.mark.parametrize(
    ("unknown", "meant"),
    [("conversationId", "conversation_id"), ("evnt_time", "event_time"), ("txt", "text"), ("tennant", "tenant")],
)
def test_a_misspelt_field_is_recognised(unknown: str, meant: str) -> None:
    result = refusal("message", as_json("message", **{unknown: "x"}))
    assert result.reason is Reason.UNKNOWN_FIELD
    assert result.detail == f"unknown field {unknown}; did you mean {meant}?"


@pytest.mark.parametrize("unknown", ["4111 1111 1111 1111", "x" * 1_000_000, "tenan\ud800", "ten\x00ant", "\udfff"])
def test_any_other_unknown_field_is_counted_and_not_quoted(unknown: str) -> None:
    result = refusal("message", as_json("message", **{unknown: 1}))
    assert result.reason is Reason.UNKNOWN_FIELD
    assert result.detail == "1 unknown field(s) in the event"


def test_many_unknown_fields_cost_no_more_than_reading_them() -> None:
    result = refusal("message", as_json("message", **{f"{number:x}": 0 for number in range(70_000)}))
    assert result.detail == "70000 unknown field(s) in the event"


def test_a_nested_field_is_named_with_its_place() -> None:
    datum = {"source": {"topic": "t", "partition": 1.5, "offset": 0}, "kind": "tick", "event_time": 0}
    assert refusal("signal", json.dumps(datum).encode()).detail == "source.partition must be an integer"
    datum["source"] = {"topic": "t", "partition": 1, "ofset": 0}
    assert refusal("signal", json.dumps(datum).encode()).detail == "unknown field source.ofset; did you mean offset?"
    datum |= {"source": None, "features": {"text.secret": "x"}}
    assert refusal("signal", json.dumps(datum).encode()).detail == "features.* must be a number"


@FEW
@given(
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)),
    st.integers(-23 * 60, 23 * 60),
)
def test_a_time_is_milliseconds_or_rfc_3339(moment: datetime, offset: int) -> None:
    local = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=timezone(timedelta(minutes=offset)))
    expected = (local - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    for said in (expected, local.isoformat(), local.astimezone(UTC).isoformat().replace("+00:00", "Z")):
        assert from_json(MESSAGE, as_json("message", event_time=said))["event_time"] == expected


@pytest.mark.parametrize("edge", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999-23:59"])
def test_a_time_at_the_edge_of_the_calendar_is_read(edge: str) -> None:
    assert isinstance(from_json(MESSAGE, as_json("message", event_time=edge))["event_time"], int)


def test_text_keeps_every_character() -> None:
    text = 'a\u0000"\\\u2028 😀 e\u0301'
    assert from_json(MESSAGE, as_json("message", text=text))["text"] == text
    assert from_json(MESSAGE, json.dumps(example("message", text=text), ensure_ascii=False).encode())["text"] == text


@pytest.mark.parametrize("value", [0, -0.0, 1e-50, 3.39e38, 2**100])
def test_any_finite_number_is_a_float(value: float) -> None:
    read = from_json(record("prosody"), as_json("prosody", jitter=value))["jitter"]
    assert isinstance(read, float)
    struct.pack("f", read)


@pytest.mark.parametrize("name", INPUTS)
@FEW
@given(data=st.data())
def test_whatever_stands_in_a_field_it_is_read_or_refused(name: str, data: st.DataObject) -> None:
    fields = [field["name"] for field in record(name).published["fields"]]
    changes: dict[str, Any] = data.draw(
        st.dictionaries(st.sampled_from(fields) | st.text(st.characters(), max_size=12), ANYTHING, max_size=3)
    )
    try:
        read = from_json(record(name), as_json(name, **changes))
    except Rejected as result:
        result.detail.encode()
    else:
        assert set(read) == set(fields)


@FEW
@given(st.binary(max_size=60))
def test_whatever_the_bytes_are_they_are_read_or_refused(value: bytes) -> None:
    refusal("message", value)
