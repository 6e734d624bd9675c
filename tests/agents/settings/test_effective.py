"""``tenor config``: the settings in force, where each came from, and no secret."""

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from agents.settings.effective import DEFAULT, EffectiveSetting, effective_settings, redact, render
from agents.settings.loader import known_variables, load
from agents.settings.model import NESTED, Settings
from agents.settings.secret_source import nested_secret_names, secret_names
from tests.support.data.command_line import assert_failure, succeeded, tenor


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variables and no .env file."""
    for name in [name for name in os.environ if name.startswith("TENOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def by_name(settings: Settings) -> dict[str, EffectiveSetting]:
    return {setting.variable: setting for setting in effective_settings(settings)}


def test_every_setting_is_there_once() -> None:
    settings = effective_settings(load())
    names = [setting.variable for setting in settings]
    groups = {f"TENOR_{name.upper()}" for name in (*NESTED, "config")}
    others = {name for name in known_variables() if name.endswith("_FILE")} - set(names)
    assert set(names) == set(known_variables()) - groups - others
    assert len(names) == len(set(names))
    assert {setting.source for setting in settings} == {DEFAULT}


def test_each_setting_has_its_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "salt").write_text("hidden")
    (tmp_path / "tenor.yaml").write_text(
        "partitions: 4\nreplication: 3\nhttp_port: 9\nbelief: {clear: 1.5}\ndecision: {salt_file: salt}\n"
    )
    (tmp_path / ".env").write_text("TENOR_REPLICATION=2\nTENOR_HTTP_PORT=8\n")
    monkeypatch.setenv("TENOR_CONFIG", "tenor.yaml")
    monkeypatch.setenv("tenor_http_port", "7")
    monkeypatch.setenv("TENOR_OUTCOME", '{"window_turns": 2}')
    settings = by_name(load())
    expected = {
        "TENOR_PARTITIONS": (4, "tenor.yaml"),
        "TENOR_REPLICATION": (2, ".env"),
        "TENOR_HTTP_PORT": (7, "environment"),
        "TENOR_BELIEF__CLEAR": (1.5, "tenor.yaml"),
        "TENOR_OUTCOME__WINDOW_TURNS": (2, "environment"),
        "TENOR_DECISION__SALT": ("(set)", "TENOR_DECISION__SALT_FILE"),
    }
    assert {name: (one.value, one.source) for name, one in settings.items() if one.source != DEFAULT} == expected


@pytest.mark.parametrize("name", [*secret_names(Settings), *("__".join(one) for one in nested_secret_names(Settings))])
def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"TENOR_{name.upper()}", "hunter2hunter2")
    settings = Settings()
    out = StringIO()
    render(effective_settings(settings), Console(file=out, width=200))
    assert "hunter2" not in out.getvalue() + json.dumps([one._asdict() for one in effective_settings(settings)])
    assert by_name(settings)[f"TENOR_{name.upper()}"].value == "(set)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (SecretStr(""), ""),
        (SecretStr("x"), "(set)"),
        ("https://me:hunter2@idp:8443/token?a=b", "https://idp:8443/token?a=b"),
        ("http://me:hunter2@a:1,http://me:hun@ter2@b:2", "http://a:1,http://b:2"),
        ("a:1,b:2", "a:1,b:2"),
        (Path("/a"), "/a"),
        (None, None),
    ],
)
def test_what_is_shown_of_a_value(value: object, text: object) -> None:
    assert redact(value) == text


def test_the_command(tmp_path: Path) -> None:
    env = {"TENOR_PARTITIONS": "4", "TENOR_CLICKHOUSE_PASSWORD": "hunter2", "COLUMNS": "200"}
    output = succeeded(tenor(tmp_path, "config --changed", **env))
    assert [line.split() for line in output.splitlines()[1:]] == [
        ["TENOR_PARTITIONS", "4", "environment"],
        ["TENOR_CLICKHOUSE_PASSWORD", "(set)", "environment"],
    ]
    settings = json.loads(succeeded(tenor(tmp_path, "config --json", **env)))
    assert {"variable": "TENOR_PARTITIONS", "value": 4, "source": "environment"} in settings
    assert len(settings) > 100
    assert_failure(tenor(tmp_path, "config", TENOR_PARTITIONS="0"), "TENOR_PARTITIONS is invalid")
