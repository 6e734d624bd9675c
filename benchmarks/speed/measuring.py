"""What the benchmarks of speed share: engines, processes and their cost, and where the numbers go.

The same numbers draw the same bytes: no date, and fixed names inside the drawing.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import free_port
from agents.embedded.tansu import Tansu
from agents.kafka import client
from agents.settings.model import Settings
from benchmarks.pictures import STYLE, plt
from schemas.topics import Name
from tests.support.servers.apache_kafka import ApacheKafka, unavailable_reason

DOCS = Path(__file__).parents[2] / "docs" / "benchmarks"


@contextmanager
def broker(kind: str) -> Iterator[tuple[Settings, int]]:
    """A broker of its own, ``kafka`` or ``tansu``: settings that reach it, and its process id."""
    if kind == "tansu":
        tansu = Tansu.start(free_port(), Path(tempfile.mkdtemp(prefix="tenor-bench-")))
        try:
            yield (
                Settings(_env_file=None, brokers=tansu.bootstrap, embedded=True, session_timeout_s=2.0),
                tansu.child.pid,
            )
        finally:
            tansu.stop()
        return
    reason = unavailable_reason()
    if reason:
        raise SystemExit(reason)
    apache = ApacheKafka()
    try:
        yield Settings(_env_file=None, brokers=apache.start()), apache.child.pid
    finally:
        apache.stop()


@contextmanager
def clickhouse(settings: Settings) -> Iterator[tuple[Settings, int]]:
    """An embedded ClickHouse: settings that reach it too, and its process id."""
    with tempfile.TemporaryDirectory(prefix="tenor-bench-") as folder:
        server = ClickHouse.start(free_port(), free_port(), Path(folder))
        ports = {"clickhouse_port": server.tcp_port, "clickhouse_http_port": server.http_port}
        try:
            yield settings.model_copy(update=ports), server.child.pid
        finally:
            server.stop()


def cpu_s(pid: int) -> float:
    """Processor time a process has used, its threads included."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Memory a process holds now, bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def lag(settings: Settings, group: str, names: Sequence[str]) -> int:
    """Records of these topics that a group has not committed."""
    positions = client.partitions_of(settings, names)
    ends, done = client.end_offsets(settings, positions), client.committed_offsets(settings, group, positions)
    return sum(ends[position] - done[position] for position in positions)


def signals_lag(settings: Settings) -> int:
    return lag(settings, settings.topics.worker_group, [settings.topics.name(Name.SIGNALS)])


def until(holds: Callable[[], bool], what: str, patience_s: float = 600.0, every_s: float = 0.05) -> float:
    """Wait for something, seconds it took; ``SystemExit`` when it does not come."""
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > patience_s:
            raise SystemExit(f"never happened: {what}")
        time.sleep(every_s)
    return time.monotonic() - started


def publish(name: str, found: dict[str, Any], table: Table, folder: Path) -> None:
    """Print the table, and keep the numbers as NAME.json."""
    Console(width=120).print(table)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@contextmanager
def plot(name: str, folder: Path, panels: int = 1, height: float = 3.2) -> Iterator[Any]:
    """Axes to draw on, several in a row; saved as NAME.svg."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, panels, figsize=(7.2, height))
        yield axes
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
        plt.close(figure)
