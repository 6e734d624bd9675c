"""The throughput benchmark still runs, and what it runs folds every record exactly once. Rates are not judged."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.kafka import topic_reader
from agents.settings.model import Settings
from benchmarks.throughput import broker, workload
from benchmarks.throughput.contenders import CONTENDERS, Contender, started
from schemas.topics import TOPIC_OF
from streams import state as states
from streams.conversations.partition import FLOOR

RECORDS = 700
PATIENCE_S = 30.0

Recording = tuple[Settings, broker.Ends]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    """A broker with the recorded topic."""
    with broker.embedded(tmp_path_factory.mktemp("broker")) as settings:
        yield settings, broker.record(settings, workload.signals(RECORDS))


def fold_all(contender: Contender, recording: Recording, directory: Path) -> int:
    """Records committed once all should be."""
    progress = broker.Progress(recording[0], contender.group, recording[1])
    try:
        with started(contender, recording[0], directory) as child:
            done = lambda: progress() == progress.total or not child.alive  # noqa: E731
            broker.wait(done, f"{contender.title} folds all", PATIENCE_S)
            assert child.alive, child.log_tail()
            return progress()
    finally:
        progress.close()


@pytest.mark.integration
@pytest.mark.parametrize("name", ["bare", "tenor"])
def test_every_record_is_committed(name: str, recording: Recording, tmp_path: Path) -> None:
    assert sum(recording[1].values()) == RECORDS
    assert fold_all(CONTENDERS[name], recording, tmp_path) == RECORDS


@pytest.mark.integration
def test_tenor_keeps_the_last_state_of_every_conversation(recording: Recording) -> None:
    """Reads what the test before has left: the changelog."""
    settings = recording[0]
    stored: dict[str, bytes] = {}
    for one in topic_reader.read(settings, [settings.topics.changelog]):
        stored[(one.key or b"").decode()] = one.value or b""
    stored.pop(FLOOR, None)
    source = f"{TOPIC_OF['keystrokes']}/0"
    last = {key.rpartition("-")[2]: states.decode(value).positions[source] for key, value in stored.items()}
    assert last == expected()


def expected() -> dict[str, int]:
    """Number of the last event of each conversation."""
    found: dict[str, int] = defaultdict(int)
    for i in range(RECORDS):
        found[str(i % workload.CONVERSATIONS)] = i
    return dict(found)
