"""``tenor`` itself: its help, and what every command does about wrong arguments and settings."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from agents.cli.main import app
from tests.support.data.command_line import assert_failure, succeeded, tenor

LETTERS = "conversation.messages"
WITHOUT = "report --since 2026-03-02T00:00:00Z"  # and without --html
WRONG = {
    ("TENOR_PARTITIONS", "many"): ("TENOR_PARTITIONS", "integer"),
    ("TENOR_BELIEF__THRESHOLD", "high"): ("TENOR_BELIEF__THRESHOLD", "number"),
    ("TENOR_LOG_LEVEL", "loud"): ("TENOR_LOG_LEVEL", "loud", "warning"),
}


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_variable(tmp_path: Path, name: str, value: str) -> None:
    assert_failure(tenor(tmp_path, "migrate", **{name: value}), *WRONG[name, value])


def test_a_wrong_group_of_settings(tmp_path: Path) -> None:
    assert_failure(tenor(tmp_path, "migrate", TENOR_BELIEF="no json"), "TENOR_BELIEF")


def test_a_misspelled_nested_variable(tmp_path: Path) -> None:
    result = tenor(tmp_path, "migrate", TENOR_BELIEF__TRESHOLD="5", TENOR_CLICKHOUSE_PORT="1")
    assert_failure(result, "Unknown setting TENOR_BELIEF__TRESHOLD", "Did you mean TENOR_BELIEF__THRESHOLD?", code=2)


def test_no_command_starts_with_a_misspelled_variable_and_help_does(tmp_path: Path) -> None:
    for line in ("simulate day.jsonl", "worker", "schemas check", "up"):
        assert_failure(tenor(tmp_path, line, TENOR_BROKER="x"), "Did you mean TENOR_BROKERS?", code=2)
    assert "Run a worker" in succeeded(tenor(tmp_path, "worker --help", TENOR_BROKER="x"))


@pytest.mark.parametrize(
    "line", ["perform", "topics perform", "replay", "up --workers 0", f"dlq show {LETTERS} first", WITHOUT]
)
def test_an_unknown_command_or_wrong_arguments(tmp_path: Path, line: str) -> None:
    result = tenor(tmp_path, line)
    assert result.returncode == 2
    assert "Usage:" in result.stderr
    assert "Traceback" not in result.stderr


def test_help_names_every_command(tmp_path: Path) -> None:
    text = succeeded(tenor(tmp_path, "--help"))
    for command in [
        "worker",
        "sink",
        "migrate",
        "up",
        "demo",
        "simulate",
        "replay",
        "report",
        "export",
        "verify",
        "topics",
        "dlq",
        "profiles",
        "alerts",
        "blind-review",
        "config",
        "doctor",
        "schemas",
    ]:
        assert f" {command} " in text
    panels = re.findall(r"╭─ (.+?) ─", text)
    assert panels == ["Options", "Run", "Try it", "Ask", "Teach", "Data and privacy", "Operate"]


def commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with the words that call it; groups only where they do so by themselves."""
    subcommands = getattr(command, "commands", {})
    if not subcommands or command.invoke_without_command:
        yield path, command
    for name, subcommand in subcommands.items():
        yield from commands(subcommand, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app), ("tenor",)))


def test_the_commands_are_found() -> None:
    assert len(COMMANDS) > 35
    assert {("tenor", "worker"), ("tenor", "alerts"), ("tenor", "alerts", "ack")} <= {*COMMANDS}
    assert ("tenor", "dlq") not in COMMANDS


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_that_parses(path: tuple[str, ...]) -> None:
    label, example = COMMANDS[path].epilog.split(": ", 1)
    words = shlex.split(example)
    assert label == "Example"
    assert tuple(words[: len(path)]) == path
    COMMANDS[path].make_context(" ".join(path), words[len(path) :])


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_its_parameters(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert command.help
    for parameter in command.params:
        assert parameter.help, parameter.name


def test_help_ends_with_the_example(tmp_path: Path) -> None:
    text = succeeded(tenor(tmp_path, "replay --help"))
    assert text.rstrip().splitlines()[-1].strip() == "Example: tenor replay day.jsonl.gz --speed 1500"
