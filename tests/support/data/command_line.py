"""The command ``tenor`` as people run it: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

Result = subprocess.CompletedProcess[str]
PATIENCE_S = 60.0
ARGV = (sys.executable, "-m", "agents.cli.main")


def variables(changes: Mapping[str, str]) -> dict[str, str]:
    """Our environment without its ``TENOR_`` variables, with these instead."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TENOR_")}
    return {**inherited, "COLUMNS": "80", **changes}


def tenor(directory: Path, line: str, **env: str) -> Result:
    """Run ``tenor <line>`` in a directory."""
    return subprocess.run(
        [*ARGV, *line.split()], cwd=directory, env=variables(env), capture_output=True, text=True, timeout=PATIENCE_S
    )


def sentences(result: Result) -> list[str]:
    """What it said on standard error, without the lines librdkafka writes there itself."""
    return [line for line in result.stderr.splitlines() if not line.startswith("%")]


def assert_failure(result: Result, *words: str, code: int = 1) -> None:
    """One sentence, perhaps a hint, no traceback, this exit code."""
    lines = sentences(result)
    assert result.returncode == code, result
    assert "Traceback" not in result.stderr, result.stderr
    assert lines, result
    assert lines[0].startswith("error: "), lines
    assert len(lines) <= 2, lines
    for word in words:
        assert word in "\n".join(lines), lines


def succeeded(result: Result) -> str:
    """What it printed."""
    assert result.returncode == 0, result
    return result.stdout
