"""A child process that never outlives its parent, and the loopback ports it listens on."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from random import sample

from agents.common.errors import Failure

LOOPBACK = "127.0.0.1"
TAIL_LINES = 15
POLL_S = 0.01
FREE_PORTS = range(20_000, 32_000)

# Runs in the child, before the program replaces it. A `preexec_fn` would do the same between fork and exec, where a
# threaded parent may deadlock. The parent may be gone before prctl takes effect, which the getppid line checks. 1 is
# PR_SET_PDEATHSIG.
_DIE_WITH_PARENT = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
os.getppid() == int(sys.argv[1]) or os._exit(1)
os.execvp(sys.argv[2], sys.argv[2:])
"""


class ChildProcess:
    """A running child process, its log, and the thread that waits for it.

    The child has a session of its own, so Ctrl-C in the terminal reaches only the parent, which then stops its
    children in order. On Linux the child is killed when the parent dies, however it dies.
    """

    def __init__(self, name: str, log_path: Path) -> None:
        self.name = name
        self.log_path = log_path
        self._log_start = log_path.stat().st_size if log_path.exists() else 0
        self._process: subprocess.Popen[bytes]
        self._keeper: threading.Thread

    @classmethod
    def start(
        cls,
        name: str,
        argv: Sequence[str],
        cwd: Path,
        log_path: Path,
        env: Mapping[str, str] | None = None,
    ) -> "ChildProcess":
        """Start `argv` in `cwd`, with its output appended to `log_path` and `env` added to this environment."""
        log_path.parent.mkdir(parents=True, exist_ok=True)
        child = cls(name, log_path)
        child._spawn(_guarded(argv), cwd, {**os.environ, **(env or {})})
        return child

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process is still running."""
        return self._keeper.is_alive()

    @property
    def exit_code(self) -> int | None:
        """The exit code (negative: the signal that ended it), or None while it runs."""
        return self._process.returncode

    def end(self) -> None:
        """Send SIGTERM, without waiting."""
        self._signal(signal.SIGTERM)

    def stop(self, grace_s: float = 5.0) -> None:
        """Send SIGTERM, and SIGKILL if the process still runs after `grace_s` seconds. May be called twice."""
        self.end()
        self._keeper.join(grace_s)
        self._signal(signal.SIGKILL)
        self._keeper.join()

    def log_tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines this run has written to its log."""
        if not self.log_path.exists():
            return ""
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    def _spawn(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        # The kernel sends the death signal when the *thread* that forked ends, not the process. So the thread that
        # forks also waits for the child: it cannot end first.
        started: Future[subprocess.Popen[bytes]] = Future()
        self._keeper = threading.Thread(
            target=self._keep, args=(started, argv, cwd, env), name=f"keeper of {self.name}", daemon=True
        )
        self._keeper.start()
        self._process = started.result()

    def _keep(
        self,
        started: "Future[subprocess.Popen[bytes]]",
        argv: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
    ) -> None:
        try:
            process = self._popen(argv, cwd, env)
        except OSError as error:
            started.set_exception(Failure(f"{sentence(self.name)} could not be started: {error}."))
            return
        started.set_result(process)
        process.wait()

    def _popen(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                argv,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            with suppress(ProcessLookupError):  # it may end between these two lines
                os.killpg(self.pid, number)


def _guarded(argv: Sequence[str]) -> list[str]:
    if sys.platform != "linux":
        return list(argv)
    return [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *argv]


def free_port() -> int:
    """A free loopback port, below the range of outgoing connections, which could take it before it is served."""
    for port in sample(FREE_PORTS, len(FREE_PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise Failure(f"No loopback port from {FREE_PORTS[0]} to {FREE_PORTS[-1]} is free.", "Stop what uses them.")


def require_free_port(host: str, port: int, wanted_for: str) -> None:
    """Raise a Failure that names the port when something already listens on it."""
    with socket.socket() as probe:
        # As servers do: a connection that was just closed does not block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Failure(
                f"Port {port} on {host} is not available for {wanted_for}: {error.strerror}.",
                "Stop what uses it, or choose another port.",
            ) from None


def wait_for_port(host: str, port: int, child: ChildProcess, timeout: float) -> None:
    """Wait until `child` accepts connections. Raises `Failure` with the reason when it does not."""
    wait_until(lambda: _accepts(host, port), child, timeout, f"answer on {host}:{port}")


def wait_until(ready: Callable[[], bool], child: ChildProcess, timeout: float, goal: str) -> None:
    """Poll `ready` until it is true. Raises `Failure` with the end of the log when `child` ends or time runs out."""
    deadline = time.monotonic() + timeout
    while not ready():
        if not child.alive:
            code = child.exit_code
            raise Failure(f"{sentence(child.name)} stopped during its start (exit code {code}).", child.log_tail())
        if time.monotonic() > deadline:
            raise Failure(f"{sentence(child.name)} did not {goal} within {timeout:g} s.", child.log_tail())
        time.sleep(POLL_S)


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _accepts(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1) as connection:
            # A connection to a free port of the ephemeral range can connect to itself; that is not an answer.
            return bool(connection.getsockname() != connection.getpeername())
    except OSError:
        return False
