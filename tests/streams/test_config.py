"""The settings of the domain, and the digest that names them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from streams.config import Config
from streams.protocols import Protocol


def changed(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value * 1.01 + 1e-6
        case str():
            return value + "x"
        case tuple():
            return (*value, "x")
        case None:
            return 7
    raise TypeError(value)


def variants(node: Any) -> Iterator[tuple[str, Any]]:
    """The dataclass with one value changed, for each value at any depth, by its path."""
    for field in fields(node):
        value = getattr(node, field.name)
        if is_dataclass(value):
            yield from ((f"{field.name}.{path}", replace(node, **{field.name: one})) for path, one in variants(value))
        elif field.name == "protocols":
            yield from ((f"protocols.{path}", replace(node, protocols=one)) for path, one in catalogues(value))
        else:
            yield field.name, replace(node, **{field.name: changed(value)})


def catalogues(protocols: tuple[Protocol, ...]) -> Iterator[tuple[str, tuple[Protocol, ...]]]:
    yield "fewer", protocols[1:]
    yield "order", protocols[::-1]
    for i, protocol in enumerate(protocols):
        for path, one in variants(protocol):
            yield f"{protocol.id}.{path}", (*protocols[:i], one, *protocols[i + 1 :])


VARIANTS = dict(variants(Config()))


def test_every_value_was_found() -> None:
    assert len(VARIANTS) > 90
    assert {"signals.text_sd", "belief.slope_points", "decision.salt", "outcome.idle_s"} <= set(VARIANTS)


@pytest.mark.parametrize("path", VARIANTS)
def test_a_change_of_any_single_value_changes_the_version(path: str) -> None:
    assert VARIANTS[path].version != Config().version


def test_no_two_changes_share_a_version() -> None:
    assert len({variant.version for variant in VARIANTS.values()}) == len(VARIANTS)


def test_the_version_is_16_hex_digits_and_the_same_for_the_same_settings() -> None:
    assert len(Config().version) == 16
    assert Config().version == Config().version


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_the_version_is_the_same_in_every_process(seed: str) -> None:
    command = [sys.executable, "-c", "from streams.config import Config; print(Config().version)"]
    environment = os.environ | {"PYTHONHASHSEED": seed}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == Config().version


def test_settings_cannot_be_changed_in_passing() -> None:
    with pytest.raises(AttributeError):
        Config().belief.threshold = 1.0  # type: ignore[misc]
