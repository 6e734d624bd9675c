"""Runs the command ``tenor`` in a process of its own, and checks its output."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.processes.tenor_process import ARGV, completed

Result = subprocess.CompletedProcess[str]
PATIENCE_S = 60.0


def variables(changes: Mapping[str, str]) -> dict[str, str]:
    """Our environment without its ``TENOR_`` variables, with these instead."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TENOR_")}
    return {**inherited, "COLUMNS": "80", **changes}


def tenor(directory: Path, line: str, **env: str) -> Result:
    """Run ``tenor <line>`` in a directory, in a process of its own that has the modules loaded already."""
    return completed(line.split(), directory, variables(env), PATIENCE_S)


def fresh_tenor(directory: Path, line: str, **env: str) -> Result:
    """The same in a new interpreter, which hashes strings with a seed of its own."""
    return subprocess.run(
        [*ARGV, *line.split()], cwd=directory, env=variables(env), capture_output=True, text=True, timeout=PATIENCE_S
    )


def sentences(result: Result) -> list[str]:
    """Lines of standard error, without those of librdkafka."""
    return [line for line in result.stderr.splitlines() if not line.startswith("%")]


def assert_failure(result: Result, *words: str, code: int = 1) -> None:
    """Check the exit code, an error of one sentence and at most one hint, and no traceback."""
    lines = sentences(result)
    assert result.returncode == code, result
    assert "Traceback" not in result.stderr, result.stderr
    assert lines, result
    assert lines[0].startswith("error: "), lines
    assert len(lines) <= 2, lines
    for word in words:
        assert word in "\n".join(lines), lines


def succeeded(result: Result) -> str:
    """Standard output of a command that must have succeeded."""
    assert result.returncode == 0, result
    return result.stdout
