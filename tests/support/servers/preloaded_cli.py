"""A process with Tenor's modules loaded that forks one process a command: ``tenor`` without half a second of imports.

Run as ``python -m tests.support.servers.preloaded_cli FD`` with one end of a SOCK_SEQPACKET pair. A request is a JSON
object ``{"argv", "cwd", "env"}`` with three file descriptors: standard output, standard error, and a pipe to which the
process id and then the exit code are written, a line each. The server ends when the other end is closed.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import runpy
import socket
import sys
import threading
import traceback

import agents.cli

REQUEST_BYTES = 1 << 20
COMMAND = "agents.cli.main"
PRELOADED = (  # what commands import when they run
    "agents.alerting.commands",
    "agents.alerting.service",
    "agents.blind_review.export",
    "agents.blind_review.import_ratings",
    "agents.blind_review.report",
    "agents.clickhouse.migrate",
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


def preload() -> None:
    """Import what commands need, but not ``agents.cli.main``: each process runs it as its main module."""
    for module in pkgutil.iter_modules(agents.cli.__path__, "agents.cli."):
        if module.name != COMMAND:
            importlib.import_module(module.name)
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()


def next_command(requests: socket.socket) -> list[str]:
    """The arguments of a command, in the process that is to run it. The server itself never returns."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, REQUEST_BYTES, 3)
        if not request:
            os._exit(0)
        if os.fork() == 0:
            requests.close()
            return become(json.loads(request), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        reap()


def become(request: dict[str, object], stdout: int, stderr: int, report: int) -> list[str]:
    """Fork into one process that waits and reports, and one that is like a new process; returns in the latter."""
    if child := os.fork():
        os.write(report, f"{child}\n".encode())
        _, status = os.waitpid(child, 0)
        os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    for descriptor in (stdout, stderr, report):
        os.close(descriptor)
    os.chdir(str(request["cwd"]))
    os.environ.clear()
    os.environ.update(request["env"])  # type: ignore[call-overload]
    return list(request["argv"])  # type: ignore[call-overload]


def reap() -> None:
    """Forget the processes that have reported."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def run(argv: list[str]) -> int:
    """Run the command as ``python -m`` does; its exit code."""
    sys.argv[1:] = argv
    try:
        runpy.run_module(COMMAND, run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def leave(code: int) -> None:
    """Exit as an interpreter does, but without destroying every module: that takes longer than most commands."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    pair = socket.socket(fileno=int(sys.argv[1]))
    preload()
    leave(run(next_command(pair)))
