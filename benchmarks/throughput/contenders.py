"""Who folds the recorded signals: how each is started, and where it keeps its state."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from confluent_kafka.admin import NewTopic

from agents.embedded.process import ChildProcess, free_port
from agents.kafka import client as kafka
from agents.settings.loader import environment
from agents.settings.model import Settings
from benchmarks.throughput import quix_environment
from schemas.topics import Name

ROOT = Path(__file__).parents[2]
Argv = Callable[[Settings, str, Path], list[str]]


class Contender(NamedTuple):
    """One way to fold tenor.signals.

    Attributes:
        title: what it is.
        argv: its command, from settings, consumer group and a directory of its own.
        group: consumer group.
        changelog: where its state is written; None for one that keeps none.
        declares: whether its changelog must exist before it starts.
    """

    title: str
    argv: Argv
    group: str
    changelog: str | None = None
    declares: bool = False


def module(name: str, *arguments: str, python: Path = Path(sys.executable)) -> list[str]:
    return [str(python), "-m", f"benchmarks.throughput.{name}", *arguments]


def bare(settings: Settings, group: str, directory: Path) -> list[str]:
    return module("bare", settings.brokers, group, Name.SIGNALS)


def tenor(settings: Settings, group: str, directory: Path) -> list[str]:
    return [sys.executable, "-m", "agents.cli.main", "worker"]


def faust(settings: Settings, group: str, directory: Path) -> list[str]:
    return module("faust_app", "fold", settings.brokers, group, str(settings.partitions))


def quix(settings: Settings, group: str, directory: Path) -> list[str]:
    state = str(directory / "state")
    return module("quix", settings.brokers, group, Name.SIGNALS, state, python=quix_environment.python())


# In this order. Tenor comes last: its ticks go into the topic, and only Tenor would pass over them.
CONTENDERS: Mapping[str, Contender] = {
    "bare": Contender("confluent-kafka loop, state in memory only", bare, "bare"),
    "faust": Contender(
        "Faust, an event at a time", faust, "per-event", "per-event-conversations-changelog", declares=True
    ),
    "quix": Contender("Quix Streams, RocksDB", quix, "quix", f"changelog__quix--{Name.SIGNALS}--default"),
    "tenor": Contender("Tenor: Faust, batch transport", tenor, "tenor", "tenor-conversations-changelog"),
}


@contextmanager
def started(contender: Contender, settings: Settings, directory: Path) -> Iterator[ChildProcess]:
    """Run a contender until the end of the block; its log and files are in ``directory``."""
    if contender.declares and contender.changelog:
        declare(settings, contender.changelog)
    directory.mkdir(parents=True, exist_ok=True)
    env = {**environment(settings), "TENOR_HTTP_PORT": str(free_port()), "PYTHONPATH": str(ROOT)}
    argv = contender.argv(settings, contender.group, directory)
    child = ChildProcess.start(contender.title, argv, directory, directory / "log", env)
    try:
        yield child
    finally:
        child.stop(15)


def declare(settings: Settings, changelog: str) -> None:
    """Create a changelog as its owner would, had it not been told to leave topics alone."""
    topic = NewTopic(changelog, settings.partitions, settings.replication, config={"cleanup.policy": "compact"})
    client = kafka.admin_client(settings)  # held: the answer comes through it
    for created in client.create_topics([topic]).values():
        created.result()
