"""Reads a routes file, with secrets from the environment. Its errors name the field and never quote a value."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from streams.alerts.routes import QuietHours, Route, Routes, Team, Webhook
from streams.interventions.file_errors import UNKNOWN, WORDS, join_path, suggest_name

VARIABLE = re.compile(r"\$\{([^}]*)\}")
PLACES: dict[str, type[Any]] = {"teams": Team, "routes": Route, "quiet": QuietHours, "webhooks": Webhook}


class RoutesError(ValueError):
    """The routes cannot be used; the message names the team and the field."""


def read_routes(text: str, variables: Mapping[str, str]) -> Routes:
    """The routes of a file; ``RoutesError`` names the team or route and what is wrong.

    Args:
        text: YAML.
        variables: of the environment; ``${NAME}`` in a text takes its value.
    """
    document = parse_yaml(text)
    expanded = {name: expand_variables(value, variables, (name,)) for name, value in document.items()}
    try:
        routes = TypeAdapter(Routes).validate_python(expanded)
    except ValidationError as error:
        raise RoutesError(describe_error(error.errors(include_input=False, include_context=False), document)) from None
    check_routes(routes)
    return routes


def parse_yaml(text: str) -> dict[str, Any]:
    """Parse the YAML; ``RoutesError`` when it is not YAML, or not routes."""
    try:
        document = yaml.safe_load(text)
    except Exception as error:  # its constructors raise whatever their parsers do
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        raise RoutesError(f"the routes are not YAML{where}") from None
    if not isinstance(document, dict) or not all(isinstance(name, str) for name in document):
        raise RoutesError("the routes must hold lists under 'teams' and 'routes'")
    return document


def expand_variables(value: Any, variables: Mapping[str, str], place: tuple[int | str, ...]) -> Any:
    """Replace every ``${NAME}`` in the texts of a value; after parsing, so that a secret cannot change the YAML."""
    if isinstance(value, dict):
        return {name: expand_variables(item, variables, (*place, str(name))) for name, item in value.items()}
    if isinstance(value, list):
        return [expand_variables(item, variables, (*place, number)) for number, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    missing = [name for name in VARIABLE.findall(value) if name not in variables]
    if missing:
        raise RoutesError(f"{join_path(place)}: environment variable {missing[0] or '${}'} is not set")
    return VARIABLE.sub(lambda match: variables[match[1]], value)


def describe_error(errors: Sequence[ErrorDetails], document: Mapping[str, Any]) -> str:
    """One sentence about the first error; a misspelled field comes before the missing one."""
    error = min(errors, key=lambda error_field: error_field["type"] != UNKNOWN)
    *parents, name = error["loc"]
    path = f"{describe_owner(error['loc'], document)}{join_path(error['loc'][2:]) or join_path(error['loc'])}"
    if error["type"] == UNKNOWN:
        holder = next((PLACES[part] for part in reversed(parents) if part in PLACES), Routes)
        return f"unknown field {path}{suggest_name(str(name), [error_field.name for error_field in fields(holder)])}"
    problem = WORDS.get(error["type"]) or error["msg"].removeprefix("Value error, ").replace("Input should", "must", 1)
    return f"{path}: {problem}" if error["type"] == "value_error" else f"{path} {problem}"


def describe_owner(place: Sequence[int | str], document: Mapping[str, Any]) -> str:
    """The team or route an error is about, as a prefix."""
    if len(place) < 3 or place[0] not in ("teams", "routes"):
        return ""
    entry = document[str(place[0])][place[1]]
    name = entry.get("name") if isinstance(entry, dict) and place[0] == "teams" else None
    number = int(place[1]) + 1
    return f"team {name}: " if isinstance(name, str) else f"{str(place[0])[:-1]} {number}: "


def check_routes(routes: Routes) -> None:
    """Check that teams are unique, routes name known teams, and every team has a route."""
    if not routes.teams or not routes.routes:
        raise RoutesError("define at least one team under 'teams' and a route to it under 'routes'")
    names = [team.name for team in routes.teams]
    duplicates = [name for name, count in Counter(names).items() if count > 1]
    if duplicates:
        raise RoutesError(f"team {duplicates[0]} is defined twice; keep one or rename it")
    for number, route in enumerate(routes.routes, 1):
        if route.team not in names:
            raise RoutesError(f"route {number}: unknown team {route.team}{suggest_name(route.team, names)}")
    unrouted = [name for name in names if name not in {route.team for route in routes.routes}]
    if unrouted:
        raise RoutesError(f"team {unrouted[0]} has no route; add one under 'routes'")
