"""The command ``tenor`` as people run it: a process of its own."""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

Result = subprocess.CompletedProcess[str]
PATIENCE_S = 60.0
ARGV = (sys.executable, "-m", "agents.cli.main")
SERVER = (sys.executable, "-m", "tests.support.servers.preloaded_cli")
ROOT = Path(__file__).resolve().parents[3]


def variables(changes: Mapping[str, str]) -> dict[str, str]:
    """Our environment without its ``TENOR_`` variables, with these instead."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TENOR_")}
    return {**inherited, "COLUMNS": "80", **changes}


class PreloadedTenor:
    """Starts a command by a fork of a process that has the modules loaded; that process starts with the first one."""

    def __init__(self) -> None:
        self._starting = Lock()
        self._requests: socket.socket | None = None

    def run(self, directory: Path, argv: list[str], env: Mapping[str, str]) -> Result:
        """Run ``tenor``. Raises ``TimeoutExpired`` after ``PATIENCE_S``."""
        requests = self._connection()
        request = json.dumps({"argv": argv, "cwd": str(directory), "env": dict(env)}).encode()
        reading, writing = os.pipe()
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr, os.fdopen(reading, "rb") as report:
            try:
                socket.send_fds(requests, [request], [stdout.fileno(), stderr.fileno(), writing])
            finally:
                os.close(writing)
            code = exit_code(report.fileno(), argv)
            stdout.seek(0)
            stderr.seek(0)
            return Result(argv, code, stdout.read().decode(), stderr.read().decode())

    def _connection(self) -> socket.socket:
        with self._starting:
            if self._requests is None:
                self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                descriptor = theirs.fileno()
                env = variables({"OPENBLAS_NUM_THREADS": "1"})
                env.pop("COLUMNS")  # a console that is made before the fork must still learn it
                server = subprocess.Popen(
                    [*SERVER, str(descriptor)], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, pass_fds=[descriptor]
                )
                theirs.close()
                atexit.register(close, self._requests, server)
            return self._requests


def exit_code(report: int, argv: list[str]) -> int:
    """Wait for a process to end; its exit code, negative for a signal."""
    deadline = time.monotonic() + PATIENCE_S
    lines = b""
    while lines.count(b"\n") < 2:
        ready, _, _ = select.select([report], [], [], max(0.0, deadline - time.monotonic()))
        more = os.read(report, 100) if ready else b""
        if not ready:
            with suppress(ProcessLookupError):
                os.kill(int(lines.split()[0]), signal.SIGKILL)
            raise subprocess.TimeoutExpired(argv, PATIENCE_S)
        assert more, "the server of tenor commands has died"
        lines += more
    return int(lines.split()[1])


def close(requests: socket.socket, server: "subprocess.Popen[bytes]") -> None:
    requests.close()
    server.wait()


PRELOADED = PreloadedTenor()


def tenor(directory: Path, line: str, **env: str) -> Result:
    """Run ``tenor <line>`` in a directory, in a process of its own that has the modules loaded already."""
    return PRELOADED.run(directory, line.split(), variables(env))


def fresh_tenor(directory: Path, line: str, **env: str) -> Result:
    """The same in a new interpreter, which hashes strings with a seed of its own."""
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
