"""docs/configuration.md: current, and complete."""

from dataclasses import fields, is_dataclass

import pytest

from agents.docgen.settings_reference import PATH, attributes, shown, table
from agents.settings.loader import load
from agents.settings.model import Settings

GROUPS = {name: one.default for name, one in Settings.model_fields.items() if is_dataclass(one.default)}


def test_the_committed_document_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == table(), "run: python -m agents.docgen.settings_reference"


def test_every_setting_is_explained() -> None:
    rows = [line.strip("| ").split(" | ") for line in table().splitlines() if line.startswith("| `TENOR_")]
    plain = [f"TENOR_{name.upper()}" for name in Settings.model_fields if name not in GROUPS]
    nested = [f"TENOR_{name}__{one.name}".upper() for name, group in GROUPS.items() for one in fields(group)]
    assert [row[0].strip("`") for row in rows] == plain + nested
    assert all(len(row) == 3 and all(row) for row in rows)


def test_a_nested_variable_sets_one_number_and_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENOR_BELIEF__THRESHOLD", "9.5")
    found = load().belief
    assert found.threshold == 9.5
    assert found.clear == GROUPS["belief"].clear


def test_attributes_share_a_text_and_run_over_lines() -> None:
    told, about = attributes("What it is.\n\nAttributes:\n    a, b: one\n        line and another.\n    c: third.")
    assert told == {"a": "one line and another.", "b": "one line and another.", "c": "third."}
    assert about == "What it is."


@pytest.mark.parametrize(("default", "text"), [(None, "unset"), ("", "empty"), (False, "`false`"), (7.4, "`7.4`")])
def test_defaults_are_shown_as_one_writes_them(default: object, text: str) -> None:
    assert shown(default) == text
