"""Brokers, a ClickHouse and a fork server that all test processes share. Each starts when a test first asks for it.

The process that controls the run owns them: they end with it, however it ends. The others ask it over a socket.
"""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import ChildProcess, free_port, wait_until
from agents.embedded.tansu import Tansu
from tests.support.servers.apache_kafka import ApacheKafka

ROOT = Path(__file__).resolve().parents[3]
START_TIMEOUT_S = 60.0
VARIABLE = "TEST_ENGINES_SOCKET"


@dataclass(frozen=True)
class ClickHousePorts:
    """Where the shared ClickHouse listens, on loopback."""

    tcp_port: int
    http_port: int


class SharedEngines:
    """What runs, and the socket where test processes ask for it."""

    def __init__(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="tenor-engines-"))
        self._engines = {kind: Engine(start, self._directory) for kind, start in STARTS.items()}
        self._listener = Listener(str(self._directory / "socket"), family="AF_UNIX")
        os.environ[VARIABLE] = str(self._directory / "socket")
        threading.Thread(target=self._accept, name="shared engines", daemon=True).start()

    def stop(self) -> None:
        """Stop everything that was started, and delete its data."""
        self._listener.close()
        os.environ.pop(VARIABLE)
        for engine in self._engines.values():
            engine.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: "Connection[Any, str]") -> None:
        with connection:
            try:
                connection.send(self._engines[connection.recv()].address())
            except Exception as error:  # the test that asks shall see it
                connection.send(error)


class Engine:
    """One of them: started once, by whoever asks first."""

    def __init__(self, start: "Start", directory: Path) -> None:
        self._start, self._directory = start, directory
        self._lock = threading.Lock()
        self._running: Running | None = None

    def address(self) -> "Address":
        with self._lock:
            self._running = self._running or self._start(self._directory)
            return self._running[0]

    def stop(self) -> None:
        if self._running:
            self._running[1]()


Address = str | ClickHousePorts
Running = tuple[Address, Callable[[], None]]  # where it answers, and what stops it
Start = Callable[[Path], Running]


def start_clickhouse(directory: Path) -> Running:
    server = ClickHouse.start(free_port(), free_port(), directory / "clickhouse")
    return ClickHousePorts(server.tcp_port, server.http_port), server.stop


def start_tansu(directory: Path) -> Running:
    broker = Tansu.start(free_port(), directory / "tansu")
    return broker.bootstrap, broker.stop


def start_apache_kafka(directory: Path) -> Running:
    broker = ApacheKafka()
    return broker.start(), broker.stop


def start_fork_server(directory: Path) -> Running:
    path = directory / "tenor.socket"
    argv = [sys.executable, "-m", "tests.support.processes.fork_server", str(path)]
    environment = {"OPENBLAS_NUM_THREADS": "1"}  # a process with threads should not fork
    server = ChildProcess.start("the fork server", argv, ROOT, directory / "fork-server.log", environment)
    wait_until(path.is_socket, server, START_TIMEOUT_S, "listen")
    return str(path), server.stop


STARTS: dict[str, Start] = {
    "clickhouse": start_clickhouse,
    "tansu": start_tansu,
    "kafka": start_apache_kafka,
    "fork server": start_fork_server,
}


def address_of(kind: str) -> Any:
    """Where a shared engine answers: ``clickhouse`` (its ports), ``tansu`` or ``kafka`` (the bootstrap
    address), ``fork server`` (its socket).
    """
    with Client(os.environ[VARIABLE], family="AF_UNIX") as connection:
        connection.send(kind)
        answer = connection.recv()
    if isinstance(answer, Exception):
        raise answer
    return answer
