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
from agents.settings.loader import environment, no_files
from agents.settings.model import Settings

READY_S = 60.0
POLL_S = 0.2
STOP_S = 15.0
# Tansu lets a group join take half the session timeout: short, as the embedded broker is never far away.
SESSION_TIMEOUT_S = 2.0

Say = Callable[[str], None]


@dataclass
class Process:
    """One of our own processes: how to start it again, and where it answers."""

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
        settings: that reach it.
        directory: where ClickHouse keeps its data and every process its log.
    """

    settings: Settings
    directory: Path
    broker: Tansu
    clickhouse: ClickHouse
    processes: list[Process] = field(default_factory=list)

    def start_process(self, name: str, *command: str, port: int = 0) -> Process:
        """Start ``tenor <command>`` as a child; port 0 takes a free one."""
        port = port or free_port()
        argv = [sys.executable, "-m", "agents.cli.main", *command]
        process = Process(name, argv, port, self._spawn(name, argv, port))
        self.processes.append(process)
        return process

    def supervise(self, say: Say) -> None:
        """Start again whatever of ours has died. ``Failure`` when the broker or ClickHouse has."""
        for name, engine in (("broker", self.broker), ("ClickHouse", self.clickhouse)):
            if not engine.alive:
                raise Failure(f"the embedded {name} has stopped", engine.child.log_tail())
        for process in self.processes:
            if not process.child.alive:
                say(f"{process.name} ended with code {process.child.exit_code}; starting it again")
                process.child = self._spawn(process.name, process.argv, process.http_port)

    def wait_ready(self) -> None:
        """Return when every process says it is ready. ``Failure`` with its log when one does not."""
        deadline = time.monotonic() + READY_S
        for process in self.processes:
            while not answers(f"{process.url}/ready"):
                if not process.child.alive or time.monotonic() > deadline:
                    raise Failure(f"{process.name} did not become ready", process.child.log_tail())
                time.sleep(POLL_S)

    def stop(self) -> None:
        """Stop everything: workers first, then what reads from them, then the engines."""
        workers = [one for one in self.processes if one.argv[-1] == "worker"]
        stop_together(workers)
        stop_together([one for one in self.processes if one not in workers])
        self.clickhouse.stop()
        self.broker.stop()

    def _spawn(self, name: str, argv: list[str], http_port: int) -> ChildProcess:
        env = {**no_files(), **environment(self.settings), "TENOR_HTTP_PORT": str(http_port)}
        return ChildProcess.start(name, argv, self.directory, self.directory / "logs" / f"{name}.log", env)


def stop_together(processes: Sequence[Process]) -> None:
    """Ask all to end, then wait for each."""
    for one in processes:
        one.child.end()
    for one in processes:
        one.child.stop(STOP_S)


def answers(url: str) -> bool:
    """Whether a URL answers 200."""
    try:
        with urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def usable(directory: Path) -> Path:
    """The directory, absolute and there. ``Failure`` when it cannot be made."""
    with file_errors(directory, "used", "the directory"):
        directory.mkdir(parents=True, exist_ok=True)
    return directory.absolute()


def forget(directory: Path) -> None:
    """Remove what an earlier stack kept in a directory, and nothing else. ``Failure`` while it is running."""
    require_unlocked(directory / "clickhouse")
    for name in ("clickhouse", "logs"):
        shutil.rmtree(directory / name, ignore_errors=True)


@contextmanager
def running(base: Settings, directory: Path, workers: int, say: Say) -> Iterator[Stack]:
    """Start the stack, hand it over ready, stop it in the end, whatever happens."""
    directory = usable(directory)
    broker = Tansu.start(free_port(), directory / "logs")
    try:
        clickhouse = ClickHouse.start(free_port(), free_port(), directory / "clickhouse")
    except BaseException:
        broker.stop()
        raise
    stack = Stack(embedded(base, broker, clickhouse), directory, broker, clickhouse)
    try:
        fill(stack, workers, say)
        yield stack
    finally:
        stack.stop()


def embedded(base: Settings, broker: Tansu, clickhouse: ClickHouse) -> Settings:
    """Settings that reach the embedded engines, whatever was set to reach others."""
    reaching: dict[str, Any] = {
        "brokers": broker.bootstrap,
        "embedded": True,
        "session_timeout_s": SESSION_TIMEOUT_S,
        "clickhouse_host": LOOPBACK,
        "clickhouse_port": clickhouse.tcp_port,
        "clickhouse_http_port": clickhouse.http_port,
    }
    if {"clickhouse_user", "clickhouse_password", "clickhouse_secure"} & base.model_fields_set:
        reaching |= {"clickhouse_user": clickhouse.user, "clickhouse_password": SecretStr("")}
        reaching |= {"clickhouse_secure": False}
    for name in ("protocols_file", "alert_routes"):
        path = getattr(base, name)
        if path is not None:
            reaching[name] = path.absolute()  # the children work elsewhere
    return base.model_copy(update=reaching)


def fill(stack: Stack, workers: int, say: Say) -> None:
    """Topics, tables, workers, sink and learner; ready when it returns."""
    topics.apply(stack.settings)
    applied = migrate.migrate(stack.settings)
    port = stack.clickhouse.tcp_port
    say(f"broker {stack.broker.bootstrap}, ClickHouse {LOOPBACK}:{port} ({len(applied)} migrations)")
    for number in range(1, workers + 1):
        stack.start_process(f"worker-{number}", "worker")
    stack.start_process("sink", "sink")
    stack.start_process("learner", "learner")
    if stack.settings.alert_routes is not None:
        stack.start_process("alerts", "alerts")
    if stack.settings.workload.enabled:
        stack.start_process("workload", "workload")
    stack.wait_ready()
