"""What Avro types cannot say, each limit at its edge."""

import json
import math
from io import BytesIO
from typing import Any

import fastavro
import pytest

from schemas.codec import SINGLE_OBJECT, Codec
from schemas.errors import Reason, Rejected
from schemas.json_form import from_json
from schemas.records import record
from schemas.validation import BURST_KEYS, CHECKS, DAY_MS, ID_LENGTH, Limits, check, check_size
from tests.support.data.schema_samples import INPUTS, NOW, as_json, event

LIMITS = Limits()
CUSTOMERS_ONLY = ("keystrokes", "navigation", "prosody")


def judged(name: str, limits: Limits = LIMITS, /, **changes: Any) -> Reason | None:
    """Reason of the refusal; None when the event is accepted."""
    try:
        check(name, event(name, **changes), NOW, limits)
    except Rejected as refusal:
        refusal.detail.encode()
        return refusal.reason
    return None


def changed(field: str, value: Any) -> dict[str, Any]:
    return {field: value}


def burst(keys: int) -> dict[str, Any]:
    return {"keys": ["letter"] * keys, "pressed_ms": [float(n) for n in range(keys)], "dwell_ms": [None] * keys}


@pytest.mark.parametrize("name", INPUTS)
def test_the_examples_are_accepted(name: str) -> None:
    assert judged(name) is None


def test_every_input_is_checked() -> None:
    assert set(CHECKS) == set(INPUTS)


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize(
    ("value", "of_conversation", "of_event"),
    [
        ("", Reason.MISSING_CONVERSATION, Reason.MISSING_FIELD),
        (" \t\n", Reason.MISSING_CONVERSATION, Reason.MISSING_FIELD),
        ("x", None, None),
        ("two words, é, 😀", None, None),
        ("x" * ID_LENGTH, None, None),
        ("x" * (ID_LENGTH + 1), Reason.OUT_OF_RANGE, Reason.OUT_OF_RANGE),
        ("a\x00b", Reason.OUT_OF_RANGE, Reason.OUT_OF_RANGE),
        ("a\nb", Reason.OUT_OF_RANGE, Reason.OUT_OF_RANGE),
        ("a\u202eb", Reason.OUT_OF_RANGE, Reason.OUT_OF_RANGE),
    ],
)
def test_ids(name: str, value: str, of_conversation: Reason | None, of_event: Reason | None) -> None:
    assert judged(name, conversation_id=value) is of_conversation
    assert judged(name, event_id=value) is of_event


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize(
    ("ahead_ms", "reason"),
    [
        (LIMITS.future_ms, None),
        (LIMITS.future_ms + 1, Reason.TIME_OUT_OF_RANGE),
        (-LIMITS.past_ms, None),
        (-LIMITS.past_ms - 1, Reason.TIME_OUT_OF_RANGE),
        (-(2**63) - NOW, Reason.TIME_OUT_OF_RANGE),
        (2**63 - 1 - NOW, Reason.TIME_OUT_OF_RANGE),
    ],
)
def test_event_time(name: str, ahead_ms: int, reason: Reason | None) -> None:
    assert judged(name, event_time=NOW + ahead_ms) is reason


def test_limits_are_the_deployments() -> None:
    strict = Limits(future_ms=0, past_ms=DAY_MS)
    assert judged("message", strict, event_time=NOW) is None
    assert judged("message", strict, event_time=NOW + 1) is Reason.TIME_OUT_OF_RANGE
    assert judged("message", strict, event_time=NOW - DAY_MS - 1) is Reason.TIME_OUT_OF_RANGE


def test_size() -> None:
    limits = Limits(event_bytes=10)
    check_size(b"x" * 10, limits)
    check_size(None, limits)
    with pytest.raises(Rejected) as caught:
        check_size(b"x" * 11, limits)
    assert caught.value.reason is Reason.TOO_LARGE
    assert caught.value.detail == "11 bytes, at most 10 are accepted"


@pytest.mark.parametrize(("keys", "reason"), [(0, None), (BURST_KEYS, None), (BURST_KEYS + 1, Reason.OUT_OF_RANGE)])
def test_keys_of_a_burst(keys: int, reason: Reason | None) -> None:
    assert judged("keystrokes", **burst(keys)) is reason


@pytest.mark.parametrize("field", ["keys", "pressed_ms", "dwell_ms"])
def test_arrays_of_a_burst_are_equally_long(field: str) -> None:
    arrays = burst(3)
    arrays[field] = arrays[field][:2]
    assert judged("keystrokes", **arrays) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_are_finite(value: float) -> None:
    """JSON cannot say these; Avro can."""
    for field in ("pressed_ms", "dwell_ms"):
        assert judged("keystrokes", **burst(2) | {field: [0.0, value]}) is Reason.NOT_A_NUMBER
    for name in ("navigation", "prosody"):
        floats = [field["name"] for field in record(name).published["fields"] if "float" in field["type"]]
        assert len(floats) >= 5
        for field in floats:
            assert judged(name, **changed(field, value)) is Reason.NOT_A_NUMBER


@pytest.mark.parametrize(("duration_ms", "reason"), [(1e-45, None), (0.0, Reason.OUT_OF_RANGE)])
def test_duration(duration_ms: float, reason: Reason | None) -> None:
    assert judged("prosody", duration_ms=duration_ms) is reason


@pytest.mark.parametrize("field", ["clarity", "tone", "resonance"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [(None, None), (1, None), (5, None), (0, Reason.OUT_OF_RANGE), (6, Reason.OUT_OF_RANGE), (-1, Reason.OUT_OF_RANGE)],
)
def test_ratings(field: str, value: int | None, reason: Reason | None) -> None:
    assert judged("rating", **changed(field, value)) is reason


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("intensity", 0.0, None),
        ("intensity", 1.0, None),
        ("intensity", 1.01, Reason.OUT_OF_RANGE),
        ("intensity", -0.01, Reason.OUT_OF_RANGE),
        ("intensity", math.nan, Reason.NOT_A_NUMBER),
        ("message_id", "m1", None),
        ("message_id", " ", Reason.OUT_OF_RANGE),
        ("message_id", "x" * 257, Reason.OUT_OF_RANGE),
        ("message_id", "a\x00b", Reason.OUT_OF_RANGE),
    ],
)
def test_marks(field: str, value: Any, reason: Reason | None) -> None:
    assert judged("rating", **changed(field, value)) is reason


@pytest.mark.parametrize(
    ("decision_id", "compared_with", "preferred", "reason"),
    [
        ("d1", "d2", True, None),
        ("d1", "d2", None, None),
        ("d1", None, None, None),
        ("d1", "d1", True, Reason.OUT_OF_RANGE),
        ("d1", "d1", None, Reason.OUT_OF_RANGE),
        ("d1", " ", None, Reason.OUT_OF_RANGE),
        ("d1", "x" * 257, True, Reason.OUT_OF_RANGE),
        ("d1", None, True, Reason.MISSING_FIELD),
        ("d1", None, False, Reason.MISSING_FIELD),
        (None, "d2", True, Reason.MISSING_FIELD),
    ],
)
def test_comparisons(
    decision_id: str | None, compared_with: str | None, preferred: bool | None, reason: Reason | None
) -> None:
    compared = {"decision_id": decision_id, "compared_with": compared_with, "preferred": preferred}
    assert judged("rating", **compared) is reason


@pytest.mark.parametrize("name", CUSTOMERS_ONLY)
@pytest.mark.parametrize("role", ["operator", "bot"])
def test_only_a_customer_can_be_measured_in_json(name: str, role: str) -> None:
    """Measuring an employee's typing or voice cannot be asked for: there is no way to write it down."""
    with pytest.raises(Rejected) as caught:
        from_json(record(name), as_json(name, participant_role=role))
    assert caught.value.reason is Reason.WRONG_TYPE
    assert caught.value.detail == "participant_role must be one of customer"


@pytest.mark.parametrize("name", CUSTOMERS_ONLY)
def test_only_a_customer_can_be_measured_in_avro(name: str) -> None:
    one = record(name)
    with pytest.raises(ValueError, match="operator"):
        Codec().encode(one, event(name, participant_role="operator"))
    wider = json.loads(
        json.dumps(one.published).replace('"symbols": ["customer"]', '"symbols": ["customer", "operator"]')
    )
    body = BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(wider), event(name, participant_role="operator"))
    with pytest.raises(Rejected) as caught:
        Codec().decode(one, SINGLE_OBJECT + one.fingerprint + body.getvalue(), {})
    assert caught.value.reason is Reason.BROKEN_AVRO


def test_a_message_may_be_anyones() -> None:
    for role in ("customer", "operator", "bot"):
        assert judged("message", participant_role=role) is None
