"""Forks processes of ``tenor`` from one that has its modules loaded: a start costs milliseconds, not a second of CPU.

Everything else is as with ``python -m agents.cli.main``: arguments, folder, environment, streams; each has a session.
``python -m tests.support.processes.fork_server SOCKET`` serves until it is killed; its children die with it.
"""

import atexit
import ctypes
import gc
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any

import agents.cli

PROGRAM = "agents.cli.main"
PRELOADED = (  # what roles and commands import when they run
    "agents.alerting.commands",
    "agents.alerting.service",
    "agents.blind_review.export",
    "agents.blind_review.import_ratings",
    "agents.blind_review.report",
    "agents.clickhouse.migrate",
    "agents.console.server",
    "agents.doctor.run",
    "agents.kafka.admin.dead_letters",
    "agents.learning.learner",
    "agents.learning.off_policy",
    "agents.privacy.erase",
    "agents.recordings.replay",
    "agents.reports.customer",
    "agents.reports.export",
    "agents.reports.html.page",
    "agents.schema_registry.publish",
    "agents.sink.sink",
    "agents.verification.verify",
    "agents.voice.frames",
    "agents.worker.app",
    "typer.rich_utils",
)
LARGEST_REQUEST = 1 << 17
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class ForkServer:
    """One connection a child: it carries the request, then the process id, in the end the exit code."""

    def __init__(self, path: str) -> None:
        self._children: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(path)
        self._listener.listen(64)
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._ended, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._selector.register(self._ended, selectors.EVENT_READ, self._reap)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)

    def serve(self) -> dict[str, Any]:
        """Returns in a child only, with what it is to be."""
        while True:
            for key, _ in self._selector.select():
                if request := key.data(key.fileobj):
                    return request

    def _accept(self, listener: socket.socket) -> dict[str, Any] | None:
        connection, _ = listener.accept()
        message, streams, _, _ = socket.recv_fds(connection, LARGEST_REQUEST, 3)
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            self._leave(parent, streams)
            return dict(json.loads(message))
        for stream in streams:
            os.close(stream)
        self._children[pid] = connection
        self._selector.register(connection, selectors.EVENT_READ, self._abandon)
        connection.send(str(pid).encode())
        return None

    def _leave(self, parent: int, streams: list[int]) -> None:
        """Keep nothing of the server in a child."""
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, int(signal.SIGKILL))
        if os.getppid() != parent:
            os._exit(1)  # it died in between
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        self._selector.close()
        for opened in (self._listener, *self._children.values()):
            opened.detach()
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))

    def _abandon(self, connection: socket.socket) -> None:
        """Whoever asked for a child is gone: end it."""
        self._selector.unregister(connection)
        for pid, other in self._children.items():
            if other is connection:
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)

    def _reap(self, ended: int) -> None:
        os.read(ended, 4096)
        for pid in list(self._children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._report(self._children.pop(pid), os.waitstatus_to_exitcode(status))

    def _report(self, connection: socket.socket, exit_code: int) -> None:
        with suppress(KeyError):
            self._selector.unregister(connection)
        with suppress(OSError), connection:
            connection.send(str(exit_code).encode())


def become(request: dict[str, Any]) -> None:
    """Run the program as if this process had been started for it."""
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    sys.argv[1:] = request["arguments"]
    leave(run())


def run() -> int:
    """Run it as ``python -m`` does; its exit code."""
    try:
        runpy.run_module(PROGRAM, run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def leave(exit_code: int) -> None:
    """Exit as an interpreter does, but without destroying every module: that takes longer than most commands."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


def preload() -> None:
    """Import what is needed, but not the program itself: each process runs it as its main module."""
    os.environ.pop("COLUMNS", None)  # a console made now must still take it from the process it is used in
    for module in pkgutil.iter_modules(agents.cli.__path__, "agents.cli."):
        if module.name != PROGRAM:
            import_module(module.name)
    for name in PRELOADED:
        import_module(name)
    gc.collect()
    gc.freeze()  # pages that no collection touches stay shared


if __name__ == "__main__":
    preload()
    become(ForkServer(sys.argv[1]).serve())
