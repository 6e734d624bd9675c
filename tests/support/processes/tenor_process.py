"""Processes of ``tenor``, forked from a preloaded one within a test run on Linux: see fork_server.

Elsewhere, and for ``python -m tests.faults``, which no test run owns, each is a new interpreter.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from agents.embedded.process import ChildProcess
from tests.support.servers import shared_engines

ARGV = (sys.executable, "-m", "agents.cli.main")
Streams = Sequence[IO[Any]]


def has_fork_server() -> bool:
    """Whether a test run owns a fork server that can be asked."""
    return sys.platform == "linux" and shared_engines.VARIABLE in os.environ


class ForkedProcess:
    """What ``subprocess.Popen`` would be, as far as its users here go: ``pid``, ``wait`` and ``returncode``."""

    def __init__(self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], streams: Streams) -> None:
        self.returncode: int | None = None
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.connect(shared_engines.address_of("fork server"))
        request = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}).encode()
        socket.send_fds(self._connection, [request], [stream.fileno() for stream in streams])
        self.pid = int(self._connection.recv(64))

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended. ``TimeoutError`` when it has not by then."""
        self._connection.settimeout(timeout)
        answer = self._connection.recv(64)
        assert answer, "the fork server has died"
        self._connection.close()
        self.returncode = int(answer)
        return self.returncode

    def kill(self) -> None:
        """Kill it and all its children: the fork server does when nobody waits any more."""
        self._connection.close()


class TenorProcess(ChildProcess):
    """A long-running ``tenor``: a role."""

    @classmethod
    def run(cls, command: str, cwd: Path, log_path: Path, env: Mapping[str, str]) -> ChildProcess:
        """Start ``tenor <command>`` in ``cwd``, its output appended to ``log_path``, ``env`` added to ours."""
        if not has_fork_server():
            return ChildProcess.start(log_path.stem, [*ARGV, command], cwd, log_path, env)
        process = cls(log_path.stem, log_path)
        process._spawn([command], cwd, {**os.environ, **env})
        return process

    def _popen(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Any:
        with self.log_path.open("ab") as log, open(os.devnull) as nothing:
            return ForkedProcess(argv, cwd, env, (nothing, log, log))


def completed(
    arguments: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run ``tenor`` to its end."""
    if not has_fork_server():
        return subprocess.run(
            [*ARGV, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout, check=False
        )
    with open(os.devnull) as nothing, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = ForkedProcess(arguments, cwd, env, (nothing, out, err))
        try:
            exit_code = process.wait(timeout)
        except TimeoutError:
            process.kill()
            raise
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(["tenor", *arguments], exit_code, out.read(), err.read())
