"""The OpenAPI description matches the console: its paths, methods and bodies."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from starlette.routing import Route

from agents.console.app import Console, application
from agents.console.commands import AlertCommandRequest, EnableOptionRequest
from agents.settings.model import Settings

ROOT = Path(__file__).resolve().parents[3]
DESCRIPTION: dict[str, Any] = yaml.safe_load((ROOT / "schemas" / "console.openapi.yaml").read_text(encoding="utf-8"))


def test_every_path_and_method_is_described() -> None:
    served = {
        (route.path, method.lower())
        for route in application(Console(Settings(_env_file=None))).routes
        if isinstance(route, Route)
        for method in route.methods or ()
    }
    described = {(path, method) for path, methods in DESCRIPTION["paths"].items() for method in methods}
    assert described == {(path, method) for path, method in served if method != "head"}


@pytest.mark.parametrize(("path", "body"), [("/api/alerts", AlertCommandRequest), ("/api/enable", EnableOptionRequest)])
def test_bodies_are_described_as_they_are_read(path: str, body: type[Any]) -> None:
    operation = DESCRIPTION["paths"][path]["post"]
    described = operation["requestBody"]["content"]["application/json"]["schema"]
    [read] = msgspec.json.schema(body)["$defs"].values()
    assert set(described["required"]) == set(read["required"])
    assert described["additionalProperties"] is read["additionalProperties"] is False
    assert {name: bounds(one) for name, one in described["properties"].items()} == {
        name: bounds(one) for name, one in read["properties"].items()
    }


def bounds(schema: dict[str, Any]) -> dict[str, Any]:
    """The parts of a schema that constrain values."""
    if "$ref" in schema:
        schema = DESCRIPTION["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    known = {name: value for name, value in schema.items() if name not in ("title", "description")}
    return known | {"enum": sorted(known["enum"])} if "enum" in known else known
