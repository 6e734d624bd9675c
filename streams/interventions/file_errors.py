"""Error messages for a protocols file: the option, the field, and the name that was probably meant."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from pydantic_core import ErrorDetails

from streams.interventions.options import Adaptation, Conditions, Constraints, InterventionOption

PLACES: dict[str, type[Any]] = {
    "options": InterventionOption,
    "when": Conditions,
    "constraints": Constraints,
    "adapt": Adaptation,
}
WORDS = {
    "missing": "is missing",
    "invalid_key": "is not a field name",
    "bool_type": "must be true or false",
    "dataclass_type": "must be a mapping of names to values",
}
UNKNOWN = "unexpected_keyword_argument"


def describe_error(errors: Sequence[ErrorDetails], document: dict[Any, Any], file: type[Any]) -> str:
    """One sentence about the first validation error in ``document``, whose format is ``file``."""
    error = min(errors, key=error_order)
    place = error["loc"]
    if place[0] != "options":
        return f"the protocols file: {describe_field(place, error, file)}"
    if len(place) == 1:
        return "the protocols file must hold a list under 'options'"
    name = read_option_id(document["options"][place[1]])
    return (
        f"option {name}: {describe_field(place[2:], error, InterventionOption)}" if name else "every option needs an id"
    )


def error_order(error: ErrorDetails) -> tuple[int | str, ...]:
    """Sort key: the file before its options, options in order, a misspelled field before the missing one."""
    place = error["loc"]
    return place[0] == "options", place[1] if len(place) > 1 else 0, error["type"] != UNKNOWN


def read_option_id(entry: Any) -> str | None:
    """The id of an option, if it has one."""
    name = entry.get("id") if isinstance(entry, dict) else None
    return " ".join(name.split()) if isinstance(name, str) else None


def describe_field(place: tuple[int | str, ...], error: ErrorDetails, holder: type[Any]) -> str:
    """What is wrong with the field at ``place`` of a ``holder``; list items are counted from 1."""
    *parents, name = place
    path = join_path([*parents, str(name)] if error["type"] == "invalid_key" else place)
    if error["type"] == UNKNOWN:
        inner = next((PLACES[part] for part in reversed(parents) if part in PLACES), holder)
        return f"unknown field {path}{suggest_field(str(name), inner)}"
    problem = WORDS.get(error["type"]) or error["msg"].removeprefix("Value error, ").replace("Input should", "must", 1)
    return f"{path}: {problem}" if error["type"] == "value_error" else f"{path} {problem}"


def join_path(place: Iterable[int | str]) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in place)


def suggest_field(name: str, holder: type[Any]) -> str:
    """Suggest a field for a name that ``holder`` does not have."""
    belongs = [
        place
        for place in ("when", "constraints")
        if name in field_names(PLACES[place]) and holder is InterventionOption
    ]
    return f"; move it under '{belongs[0]}'" if belongs else suggest_name(name, field_names(holder))


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Suggest the nearest known name, or list the known names."""
    near = get_close_matches(name, known := list(known), n=1)
    return f"; did you mean {near[0]}?" if near else f"; known names: {', '.join(known)}"


def field_names(holder: type[Any]) -> list[str]:
    return [field.name for field in fields(holder)]
