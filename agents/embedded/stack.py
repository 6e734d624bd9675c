"""The embedded stack: broker, ClickHouse, topics, tables, workers, sink and learner, as children of this process."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from pydantic import SecretStr

from agents.clickhouse import migrate
from agents.common.errors import Failure
from agents.common.files import file_errors
from agents.embedded.clickhouse import ClickHouse, require_unlocked
from agents.embedded.process import LOOPBACK, ChildProcess, free_port
from agents.embedded.tansu import Tansu
from agents.kafka.admin import topics
from agents.settings.loader import environment, unset_file_variables
from agents.settings.model import Settings

READY_S = 60.0
POLL_S = 0.2
STOP_S = 15.0
# Tansu lets a group join take half the session timeout: short, because the embedded broker is local.
SESSION_TIMEOUT_S = 2.0

Print = Callable[[str], None]


@dataclass
class Process:
    """One of Tenor's own processes: how to restart it, and where it answers."""

    name: str
    argv: list[str]
    http_port: int
    child: ChildProcess

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.http_port}"


@dataclass
class Stack:
    """A running embedded stack.

    Attributes:
        settings: of its clients.
        directory: holds ClickHouse's data and every process's log.
    """

    settings: Settings
    directory: Path
    broker: Tansu
    clickhouse: ClickHouse
    processes: list[Process] = field(default_factory=list)

    def start_process(self, name: str, *command: str, port: int = 0) -> Process:
        """Start ``tenor <command>`` as a child; port 0 picks a free one."""
        port = port or free_port()
        argv = [sys.executable, "-m", "agents.cli.main", *command]
        process = Process(name, argv, port, self._spawn(name, argv, port))
        self.processes.append(process)
        return process

    def supervise(self, write: Print) -> None:
        """Restart Tenor's processes that have died. Raises ``Failure`` when the broker or ClickHouse has."""
        for name, engine in (("broker", self.broker), ("ClickHouse", self.clickhouse)):
            if not engine.alive:
                raise Failure(f"The embedded {name} has stopped.", engine.child.log_tail())
        for process in self.processes:
            if not process.child.alive:
                write(f"{process.name} stopped with exit code {process.child.exit_code}; restarting it")
                process.child = self._spawn(process.name, process.argv, process.http_port)

    def wait_ready(self) -> None:
        """Wait until every process is ready. Raises ``Failure`` with the end of its log when one is not in time."""
        deadline = time.monotonic() + READY_S
        for process in self.processes:
            while not answers(f"{process.url}/ready"):
                if not process.child.alive or time.monotonic() > deadline:
                    raise Failure(f"{process.name} did not become ready.", process.child.log_tail())
                time.sleep(POLL_S)

    def stop(self) -> None:
        """Stop everything: workers first, then their readers, then the engines."""
        workers = [process for process in self.processes if process.argv[-1] == "worker"]
        stop_together(workers)
        stop_together([process for process in self.processes if process not in workers])
        self.clickhouse.stop()
        self.broker.stop()

    def _spawn(self, name: str, argv: list[str], http_port: int) -> ChildProcess:
        env = {**unset_file_variables(), **environment(self.settings), "TENOR_HTTP_PORT": str(http_port)}
        return ChildProcess.start(name, argv, self.directory, self.directory / "logs" / f"{name}.log", env)


def stop_together(processes: Sequence[Process]) -> None:
    """Send SIGTERM to all, then wait for each."""
    for process in processes:
        process.child.end()
    for process in processes:
        process.child.stop(STOP_S)


def answers(url: str) -> bool:
    """Whether a URL answers 200."""
    try:
        with urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def prepare_directory(directory: Path) -> Path:
    """Create the directory; its absolute path. Raises ``Failure`` when that is not possible."""
    with file_errors(directory, "used", "The directory"):
        directory.mkdir(parents=True, exist_ok=True)
    return directory.absolute()


def delete_data(directory: Path) -> None:
    """Delete the data of an earlier stack, and nothing else. Raises ``Failure`` while it is running."""
    require_unlocked(directory / "clickhouse")
    for name in ("clickhouse", "logs"):
        shutil.rmtree(directory / name, ignore_errors=True)


@contextmanager
def running(base: Settings, directory: Path, workers: int, write: Print) -> Iterator[Stack]:
    """Start the stack, wait until it is ready, and stop it at the end, whatever happens."""
    directory = prepare_directory(directory)
    broker = Tansu.start(free_port(), directory / "logs")
    try:
        clickhouse = ClickHouse.start(free_port(), free_port(), directory / "clickhouse")
    except BaseException:
        broker.stop()
        raise
    stack = Stack(embedded_settings(base, broker, clickhouse), directory, broker, clickhouse)
    try:
        start_processes(stack, workers, write)
        yield stack
    finally:
        stack.stop()


def embedded_settings(base: Settings, broker: Tansu, clickhouse: ClickHouse) -> Settings:
    """Settings for the embedded engines, whatever was set for other ones."""
    changes: dict[str, Any] = {
        "brokers": broker.bootstrap,
        "embedded": True,
        "session_timeout_s": SESSION_TIMEOUT_S,
        "clickhouse_host": LOOPBACK,
        "clickhouse_port": clickhouse.tcp_port,
        "clickhouse_http_port": clickhouse.http_port,
    }
    if {"clickhouse_user", "clickhouse_password", "clickhouse_secure"} & base.model_fields_set:
        changes |= {"clickhouse_user": clickhouse.user, "clickhouse_password": SecretStr("")}
        changes |= {"clickhouse_secure": False}
    for name in ("protocols_file", "alert_routes"):
        path = getattr(base, name)
        if path is not None:
            changes[name] = path.absolute()  # the children have another working directory
    return base.model_copy(update=changes)


def start_processes(stack: Stack, workers: int, write: Print) -> None:
    """Create topics and tables, start Tenor's processes, and wait until they are ready."""
    topics.apply(stack.settings)
    applied = migrate.migrate(stack.settings)
    port = stack.clickhouse.tcp_port
    write(f"broker {stack.broker.bootstrap}, ClickHouse {LOOPBACK}:{port} ({len(applied)} migrations)")
    for number in range(1, workers + 1):
        stack.start_process(f"worker-{number}", "worker")
    stack.start_process("sink", "sink")
    stack.start_process("learner", "learner")
    if stack.settings.alert_routes is not None:
        stack.start_process("alerts", "alerts")
    if stack.settings.workload.enabled:
        stack.start_process("workload", "workload")
    stack.wait_ready()
