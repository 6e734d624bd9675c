"""Hypothesis strategies for valid events: drawn from the Avro schema, kept if validation accepts them."""

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from schemas.errors import Rejected
from schemas.records import record
from schemas.validation import Limits, check
from tests.support.data.builders import START

LONGS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(width=32)
TEXTS = st.text(max_size=200)


def values(schema: Any) -> st.SearchStrategy[Any]:
    """Values of an Avro schema."""
    if isinstance(schema, list):
        return st.one_of([values(branch) for branch in schema])
    if isinstance(schema, str):
        return PRIMITIVES[schema]
    if schema["type"] == "enum":
        return st.sampled_from(schema["symbols"])
    if schema["type"] == "array":
        return st.lists(values(schema["items"]), max_size=12)
    return values(schema["type"])


PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "string": TEXTS,
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": LONGS,
    "float": FLOATS,
    "double": st.floats(),
}
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
PLAUSIBLE = {
    "tenant": st.sampled_from(["default", "another"]),
    "customer_id": st.sampled_from([None, "customer-1"]),
    "event_id": st.just("event-1"),
    "conversation_id": st.just("c1"),
    "event_time": st.integers(START - 10**9, START + 10**6),
}


@st.composite
def events(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """An event of this kind that ingest would accept."""
    fields = {field["name"]: values(field["type"]) for field in record(kind).schema["fields"]}
    if kind == "keystrokes":
        fields |= bursts(draw(st.integers(0, 12)))
    event = draw(st.fixed_dictionaries(fields | PLAUSIBLE))
    try:
        check(kind, event, START, Limits())
    except Rejected:
        assume(False)
    return event


def bursts(keys: int) -> dict[str, st.SearchStrategy[Any]]:
    """Arrays of one length, sometimes ascending, sometimes not."""
    classes = st.sampled_from(["letter", "digit", "space", "backspace", "enter", "other"])
    presses = st.lists(FINITE, min_size=keys, max_size=keys)
    return {
        "keys": st.lists(classes, min_size=keys, max_size=keys),
        "pressed_ms": presses | presses.map(sorted),
        "dwell_ms": st.lists(st.none() | FINITE, min_size=keys, max_size=keys),
    }
