"""Hypothesis strategies for the datums of any Avro schema of ours."""

from functools import cache
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from schemas.records import Datum, records
from tests import examples

FEW = settings(examples(40), suppress_health_check=list(HealthCheck))
RECORDS = sorted(records())
YEARS_1_TO_9999 = st.integers(-62_135_596_800_000, 253_402_300_799_999)  # what confluent-kafka's datetime can hold

PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(-(2.0**127), 2.0**127, width=32),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    "string": st.text(max_size=20),
}

SIMPLEST: dict[str, Any] = {"null": None, "boolean": False, "int": 0, "long": 0, "float": 0.0, "double": 0.0}
SIMPLEST |= {"string": "", "array": [], "map": {}}


def of_schema(schema: Any) -> st.SearchStrategy[Any]:
    """Every datum of a published schema; timestamps as milliseconds."""
    if isinstance(schema, list):
        return st.one_of([of_schema(branch) for branch in schema])
    if isinstance(schema, str):
        return PRIMITIVES[schema]
    if schema.get("logicalType") == "timestamp-millis":
        return YEARS_1_TO_9999
    match schema["type"]:
        case "record":
            return st.fixed_dictionaries({field["name"]: of_schema(field["type"]) for field in schema["fields"]})
        case "enum":
            return st.sampled_from(schema["symbols"])
        case "array":
            return st.lists(of_schema(schema["items"]), max_size=4)
        case "map":
            return st.dictionaries(PRIMITIVES["string"], of_schema(schema["values"]), max_size=4)
    raise NotImplementedError(schema["type"])


@cache
def datums(name: str) -> st.SearchStrategy[Datum]:
    """Every datum of a record."""
    return of_schema(records()[name].published)


def simplest(schema: Any) -> Any:
    """The simplest datum of a published schema."""
    if isinstance(schema, list):
        return simplest(schema[0])
    if isinstance(schema, str):
        return SIMPLEST[schema]
    if schema["type"] == "record":
        return {field["name"]: simplest(field["type"]) for field in schema["fields"]}
    return schema["symbols"][0] if schema["type"] == "enum" else SIMPLEST[schema["type"]]


def smallest(name: str) -> Datum:
    """The simplest datum of a record."""
    datum: Datum = simplest(records()[name].published)
    return datum
