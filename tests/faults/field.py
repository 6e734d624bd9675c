"""The field a case is played on: Tenor's own processes on a cluster and a ClickHouse, kept alive as a platform would.

Whatever ends is started again at once, unless the case holds it down. So a fault is one fault, not the end.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from agents.clickhouse import migrate
from agents.common.errors import Failure
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import ChildProcess, free_port
from agents.embedded.stack import answers
from agents.kafka import client
from agents.kafka.admin import topics
from agents.kafka.admin.lag import pipeline_stages
from agents.settings.model import Settings
from tests.faults.cluster import Cluster
from tests.faults.load import Load
from tests.support.deployment import Deployment, eventually

LOOK_S = 0.25
READY_S = 90.0
SMALL = "512m"


class Field(Deployment):
    """A deployment whose processes have names and come back when they die.

    Attributes:
        faults: what was injected, and how often.
        deaths: processes that ended without being told to, by name and exit code.
        last: when the last fault began or ended, monotonic seconds.
    """

    def __init__(
        self, settings: Settings, directory: Path, cluster: Cluster, clickhouse: "Tables", short: bool = False
    ) -> None:
        super().__init__(settings, directory)
        self._short = short
        self.cluster, self.clickhouse = cluster, clickhouse
        self.random = random.Random(7)
        self.faults: Counter[str] = Counter()
        self.deaths: Counter[str] = Counter()
        self.notes: list[str] = []
        self.last = time.monotonic()
        self.load: Load
        self.crew: dict[str, ChildProcess] = {}
        self._down: set[str] = set()
        self._said: set[str] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="orchestrator", daemon=True)

    # --- processes ---

    def man(self, *names: str) -> None:
        """Start processes by name, as ``worker-1`` or ``sink``; all ready when this returns."""
        for name in names:
            with self._lock:
                self._down.discard(name)
                self._begin(name)
        for name in names:
            self.wait_ready(name)
        if not self._keeper.is_alive():
            self._keeper.start()

    def man_without_waiting(self, name: str) -> None:
        """Start a process that may never become ready."""
        with self._lock:
            self._begin(name)

    def wait_ready(self, name: str) -> None:
        def ready() -> bool:
            child = self.crew[name]
            return answers(f"http://127.0.0.1:{self.ports[child.pid]}/ready")

        eventually(ready, f"{name} is ready", READY_S)

    def names(self, role: str) -> list[str]:
        """Names of the running processes of a role."""
        return [name for name in self.crew if name.partition("-")[0] == role and name not in self._down]

    def kill(self, name: str, fault: str | None = None) -> None:
        """SIGKILL; the orchestrator starts it again."""
        self.note(fault or f"SIGKILL {name.partition('-')[0]}")
        self._signal(name, signal.SIGKILL)

    def terminate(self, name: str, stay_down: bool = False) -> None:
        """SIGTERM, and wait for the end; started again unless it is to stay down."""
        self.note(f"SIGTERM {name.partition('-')[0]}")
        with self._lock:
            self._down.add(name)
        child = self.crew[name]
        child.stop(20)
        assert child.exit_code == 0, f"{name} ended with {child.exit_code}\n{child.log_tail(30)}"
        if not stay_down:
            self.man(name)
        else:
            del self.crew[name]
        self.last = time.monotonic()

    def down(self, name: str) -> None:
        """SIGKILL, and leave it down until ``man``."""
        with self._lock:
            self._down.add(name)
        self.kill(name)

    def pause(self, name: str, seconds: float) -> None:
        """SIGSTOP for a while."""
        self.note(f"SIGSTOP {name.partition('-')[0]} {seconds:g} s")
        self._signal(name, signal.SIGSTOP)
        time.sleep(seconds)
        self._signal(name, signal.SIGCONT)
        self.last = time.monotonic()

    def note(self, fault: str) -> None:
        self.faults[fault] += 1
        self.last = time.monotonic()

    def times(self, number: int, short: int) -> range:
        """As often; in a short run less often."""
        return range(short if self._short else number)

    def ended(self) -> None:
        """What was hurt is mended: from here on it is recovery."""
        self.last = time.monotonic()

    def sleep(self, least: float, most: float | None = None) -> None:
        time.sleep(self.random.uniform(least, most or least))

    @contextmanager
    def frozen(self, *roles: str) -> Iterator[None]:
        """These processes stand still: no tick closes anything, and nothing is published."""
        names = [name for role in roles for name in self.names(role)]
        for name in names:
            self._signal(name, signal.SIGSTOP)
        try:
            yield
        finally:
            for name in names:
                self._wake(self.crew[name])

    def stop(self) -> None:
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join()
        for child in self.crew.values():
            self._wake(child)
            child.stop(10)

    def rss(self, name: str) -> int:
        """Resident memory of a process, bytes."""
        status = Path(f"/proc/{self.crew[name].pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024

    def _begin(self, name: str) -> None:
        self.crew[name] = self.start(name.partition("-")[0], wait=False)

    def _signal(self, name: str, number: signal.Signals) -> None:
        with self._lock:
            child = self.crew[name]
            if child.alive:
                os.killpg(child.pid, number)

    def _wake(self, child: ChildProcess) -> None:
        if child.alive:
            os.killpg(child.pid, signal.SIGCONT)

    def _keep(self) -> None:
        while not self._ended.wait(LOOK_S):
            with self._lock:
                for name, child in list(self.crew.items()):
                    if not child.alive and name not in self._down:
                        self._bury(name, child)
                        self._begin(name)

    def _bury(self, name: str, child: ChildProcess) -> None:
        said = " ".join(child.log_tail(2).split())
        self.deaths[f"{name.partition('-')[0]} {child.exit_code}"] += 1
        if child.exit_code != -signal.SIGKILL and said not in self._said:
            self._said.add(said)
            self.notes.append(f"{name} ended with {child.exit_code}: {said}")

    # --- progress ---

    def seconds_to_pass(self, patience_s: float = 240.0) -> float:
        """Seconds from the last fault until what is on the bus now has gone all the way, under load."""
        if not self.faults:
            self.last = time.monotonic()
        deadline = time.monotonic() + patience_s
        for stage in pipeline_stages(self.settings.topics):
            ends = patiently(lambda topics=stage.topics: self._ends(topics), deadline)
            while patiently(lambda group=stage.group, ends=ends: self._behind(group, ends), deadline):
                assert time.monotonic() < deadline, f"{stage.name} does not catch up\n{self.logs()}"
                time.sleep(LOOK_S)
        return time.monotonic() - self.last

    def _ends(self, names: list[str]) -> dict[client.Position, int]:
        ends = client.end_offsets(self.settings, client.partitions_of(self.settings, names))
        return {position: end for position, end in ends.items() if end}

    def _behind(self, group: str, ends: dict[client.Position, int]) -> int:
        done = client.committed_offsets(self.settings, group, list(ends)) if ends else {}
        return sum(max(0, end - done[position]) for position, end in ends.items())

    def lag(self) -> int:
        """Input records that the workers have not committed."""
        [first, *_] = pipeline_stages(self.settings.topics)
        return self._behind(first.group, self._ends(list(first.topics)))

    def logs(self) -> str:
        return "\n".join(f"--- {name}\n{child.log_tail(25)}" for name, child in self.crew.items())


def patiently(ask: Callable[[], object], deadline: float) -> object:
    """An answer of the cluster, which may be without a leader just now."""
    while True:
        try:
            return ask()
        except Failure:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_S)


class Tables:
    """A ClickHouse that can be stopped, killed and started again on the same ports and data."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.ports = directory, (free_port(), free_port())
        self._server: ClickHouse | None = None

    @property
    def server(self) -> ClickHouse:
        assert self._server, "not started"
        return self._server

    def start(self) -> None:
        self._server = ClickHouse.start(*self.ports, self.directory)

    def kill(self) -> None:
        os.kill(self.server.child.pid, signal.SIGKILL)
        while self.server.alive:
            time.sleep(0.01)

    def stop(self) -> None:
        if self._server:
            self._server.stop()


@contextmanager
def small_disk(directory: Path) -> Iterator[None]:
    """A file system of its own under a directory; needs the right to mount."""
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tenor-faults", str(directory)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)


@contextmanager
def field(settings: Settings, directory: Path, cluster: Cluster, on_small_disk: bool, short: bool) -> Iterator[Field]:
    """A field with its topics and tables, no process yet."""
    with small_disk(directory / "clickhouse") if on_small_disk else nullcontext():
        yield from laid_out(settings, directory, cluster, short)


def laid_out(settings: Settings, directory: Path, cluster: Cluster, short: bool) -> Iterator[Field]:
    tables = Tables(directory / "clickhouse")
    tables.start()
    reaching = {
        "brokers": cluster.bootstrap,
        "replication": 3,
        "clickhouse_port": tables.ports[0],
        "clickhouse_http_port": tables.ports[1],
    }
    one = Field(settings.model_copy(update=reaching), directory, cluster, tables, short)
    try:
        assert topics.apply(one.settings) == []
        migrate.migrate(one.settings)
        yield one
    finally:
        one.stop()
        tables.stop()
