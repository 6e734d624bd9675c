"""Events as plain JSON: the same schema, without Avro's union tags.

A timestamp is an integer of milliseconds or an RFC 3339 string with an offset. An unknown field is refused:
contracts evolve BACKWARD, readers are upgraded first, so an unknown field is a misspelling.
"""

import difflib
import json
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

from schemas.errors import Reason, Rejected
from schemas.records import Datum, Record

RANGES = {"int": 2**31, "long": 2**63}
COMPARED_NAMES = 8  # comparing costs some 10 µs a name, and an event may have 100,000
COMPARED_CHARACTERS = 64


def from_json(record: Record, value: bytes) -> Datum:
    """Read one event; ``Rejected`` names the field that is wrong, never its content."""
    datum: Datum = read_record(record.published, parse(value), "")
    return datum


def to_json(datum: Datum) -> bytes:
    """Write one event as JSON."""
    return json.dumps(datum, ensure_ascii=False, allow_nan=False).encode()


def parse(value: bytes) -> Any:
    try:
        return json.loads(value, parse_constant=refuse_constant)
    except RecursionError:
        raise Rejected(Reason.BROKEN_JSON, "nested too deeply") from None
    except UnicodeDecodeError:
        raise Rejected(Reason.BROKEN_JSON, "not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Rejected(Reason.BROKEN_JSON, f"not JSON at character {error.pos}") from None
    except ValueError:  # Python refuses to read integers of more than 4300 digits
        raise Rejected(Reason.OUT_OF_RANGE, "the event holds an integer of thousands of digits") from None


def refuse_constant(name: str) -> NoReturn:
    raise Rejected(Reason.NOT_A_NUMBER, f"{name} is not JSON")


def read(schema: Any, value: Any, path: str) -> Any:
    """Read a value of any schema; ``path`` locates it in error messages."""
    if isinstance(schema, list):
        return read_nullable(schema, value, path)
    if isinstance(schema, dict):
        if schema.get("logicalType") == "timestamp-millis":
            return read_timestamp(value, path)
        return READERS[schema["type"]](schema, value, path)
    return READERS[schema](schema, value, path)


def read_nullable(branches: list[Any], value: Any, path: str) -> Any:
    if value is None:
        return None
    [branch] = [candidate for candidate in branches if candidate != "null"]
    return read(branch, value, path)


def read_record(schema: Any, value: Any, path: str) -> Datum:
    if not isinstance(value, dict):
        refuse_type(path or "the event", "an object")
    fields = {field["name"]: field for field in schema["fields"]}
    refuse_unknown(set(value) - set(fields), fields, path)
    return {name: read_field(field, value, join(path, name)) for name, field in fields.items()}


def read_field(field: Any, value: dict[str, Any], path: str) -> Any:
    if field["name"] in value:
        return read(field["type"], value[field["name"]], path)
    if "default" in field:
        return field["default"]
    if field["name"] == "conversation_id":
        raise Rejected(Reason.MISSING_CONVERSATION, "conversation_id is missing")
    raise Rejected(Reason.MISSING_FIELD, f"{path} is missing")


def refuse_unknown(unknown: set[str], known: dict[str, Any], path: str) -> None:
    if not unknown:
        return
    # The name is the producer's own word: a near miss is safe to quote, anything else may be data.
    for name in sorted(unknown)[:COMPARED_NAMES]:
        near = nearest(name, known)
        if near:
            raise Rejected(Reason.UNKNOWN_FIELD, f"unknown field {join(path, name)}; did you mean {near}?")
    raise Rejected(Reason.UNKNOWN_FIELD, f"{len(unknown)} unknown field(s) in {path or 'the event'}")


def nearest(name: str, known: dict[str, Any]) -> str | None:
    """The known name nearest to a misspelt one; None when none is near, or the name must not be quoted."""
    if len(name) > COMPARED_CHARACTERS or not name.isprintable():  # a lone surrogate fits no header
        return None
    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


def read_array(schema: Any, value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        refuse_type(path, "an array")
    return [read(schema["items"], item, f"{path}[{i}]") for i, item in enumerate(value)]


def read_map(schema: Any, value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        refuse_type(path, "an object")
    return {key: read(schema["values"], item, join(path, "*")) for key, item in value.items()}


def read_enum(schema: Any, value: Any, path: str) -> str:
    if not isinstance(value, str) or value not in schema["symbols"]:
        refuse_type(path, "one of " + ", ".join(schema["symbols"]))
    return value


def read_string(schema: Any, value: Any, path: str) -> str:
    if not isinstance(value, str):
        refuse_type(path, "a string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Rejected(Reason.BROKEN_JSON, f"{path} holds a lone surrogate") from None
    return value


def read_boolean(schema: Any, value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        refuse_type(path, "true or false")
    return value


def read_integer(schema: Any, value: Any, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        refuse_type(path, "an integer")
    limit = RANGES[schema]
    if not -limit <= value < limit:
        raise Rejected(Reason.OUT_OF_RANGE, f"{path} does not fit {schema}")
    return value


def read_number(schema: Any, value: Any, path: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        refuse_type(path, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    limit = 3.4e38 if schema == "float" else math.inf
    if not abs(number) < limit:
        raise Rejected(Reason.NOT_A_NUMBER, f"{path} is not finite")
    return number


def read_timestamp(value: Any, path: str) -> int:
    if isinstance(value, str):
        return parse_timestamp(value, path)
    return read_integer("long", value, path)


def parse_timestamp(text: str, path: str) -> int:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        refuse_type(path, "milliseconds or an RFC 3339 time with a UTC offset")
    return round(time.timestamp() * 1000)


def refuse_type(path: str, expected: str) -> NoReturn:
    raise Rejected(Reason.WRONG_TYPE, f"{path} must be {expected}")


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


READERS: dict[str, Callable[[Any, Any, str], Any]] = {
    "record": read_record,
    "array": read_array,
    "map": read_map,
    "enum": read_enum,
    "string": read_string,
    "boolean": read_boolean,
    "int": read_integer,
    "long": read_integer,
    "float": read_number,
    "double": read_number,
}
