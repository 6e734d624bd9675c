"""Real brokers and a real ClickHouse, shared by all test processes. Each test has its own topics and database."""

import fcntl
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agents.clickhouse.client import connect, quote_identifier
from agents.clickhouse.migrate import migrate
from agents.docgen import sample_warehouse
from agents.docgen.offline_pipeline import Records
from agents.embedded.process import LOOPBACK
from agents.kafka.client import admin_client, metadata
from agents.settings.model import Settings
from tests.support.data.experiments import Made, experiment
from tests.support.data.warehouse import store
from tests.support.isolation import divide_ports, unique
from tests.support.servers.apache_kafka import unavailable_reason
from tests.support.servers.shared_engines import ClickHousePorts, SharedEngines, address_of

ENGINES = pytest.StashKey[SharedEngines]()
# What takes long begins first: what is left for the end is short, and no process waits for another.
LONGEST_FIRST = (
    *(f"tests/end_to_end/{folder}" for folder in ("workers", "learning", "customers", "")),
    *(f"tests/agents/{folder}" for folder in ("embedded", "sink", "cli", "console", "")),
    "tests/benchmarks",
    "tests/deploy",
    "tests",
)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[ENGINES] = SharedEngines()
    divide_ports()


def pytest_unconfigure(config: pytest.Config) -> None:
    if engines := config.stash.get(ENGINES, None):
        engines.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: next(n for n, folder in enumerate(LONGEST_FIRST) if item.nodeid.startswith(folder)))


@pytest.fixture(scope="session")
def clickhouse() -> ClickHousePorts:
    """A running ClickHouse, shared by all test processes."""
    ports: ClickHousePorts = address_of("clickhouse")
    return ports


@pytest.fixture(scope="session")
def tansu() -> str:
    """Address of a running embedded broker, shared by all test processes."""
    return str(address_of("tansu"))


@pytest.fixture(scope="session")
def apache() -> str:
    """Address of Apache Kafka, shared by all test processes, for what the embedded broker does not have."""
    if reason := unavailable_reason():
        assert not os.environ.get("CI"), f"Apache Kafka must be tested in CI, but: {reason}"
        pytest.skip(reason)
    return str(address_of("kafka"))


@pytest.fixture
def settings(clickhouse: ClickHousePorts, tansu: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings with topics and a database of their own; neither is created yet, both are removed."""
    for variable in [name for name in os.environ if name.startswith("TENOR_")]:
        monkeypatch.delenv(variable)
    name = unique("test")
    own = Settings(
        _env_file=None,
        brokers=tansu,
        topic_prefix=f"{name}.",
        partitions=2,
        embedded=True,
        clickhouse_host=LOOPBACK,
        clickhouse_port=clickhouse.tcp_port,
        clickhouse_database=f"tenor_{name}",
        session_timeout_s=2.0,
        fetch_wait_ms=20,
        sink_wait_s=0.2,
    )
    yield own
    monkeypatch.undo()  # a test may have shortened a timeout
    drop_topics(own)
    drop_database(own)


def drop_topics(settings: Settings) -> None:
    """The broker keeps everything in memory."""
    client = admin_client(settings)
    own = [name for name in metadata(client, settings).topics if name.startswith(settings.topic_prefix)]
    for deleted in client.delete_topics(own).values() if own else ():
        deleted.result(10)


def drop_database(settings: Settings) -> None:
    client = connect(settings, database="")
    client.execute(f"DROP DATABASE IF EXISTS {quote_identifier(settings.clickhouse_database)} SYNC")
    client.disconnect()


@pytest.fixture
def migrated(settings: Settings) -> Settings:
    """Settings of a ClickHouse whose tables are made."""
    migrate(settings)
    return settings


@pytest.fixture(scope="module")
def database(clickhouse: ClickHousePorts) -> Iterator[Settings]:
    """Settings of one database for all tests of a module, for those that read the views: each has its own tenants."""
    name = unique("tenor_module_")
    port = clickhouse.tcp_port
    own = Settings(_env_file=None, clickhouse_host=LOOPBACK, clickhouse_port=port, clickhouse_database=name)
    migrate(own)
    yield own
    drop_database(own)


@pytest.fixture(scope="module")
def stored(database: Settings) -> dict[str, list[Made]]:
    """Three tenants: large, small, and one of a single decision; every record was inserted twice."""
    tenants = {"large": experiment("large", 900, 1), "small": experiment("small", 90, 2)}
    tenants["one"] = experiment("one", 1, 3, option="control", control=True)
    for made in tenants.values():
        store(database, made, twice=True)
    return tenants


@contextmanager
def shared_folder(tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """A folder of all test processes, locked: the first one fills it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@pytest.fixture(scope="session")
def sample_records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """A recorded fortnight, replayed once for all test processes."""
    with shared_folder(tmp_path_factory, "sample") as folder:
        pickled = folder / "sample.pickle"
        if not pickled.exists():
            pickled.write_bytes(pickle.dumps(dict(sample_warehouse.records(folder / "sample.jsonl.gz"))))
    records: Records = pickle.loads(pickled.read_bytes())
    return records


@pytest.fixture(scope="session")
def warehouse(
    clickhouse: ClickHousePorts, sample_records: Records, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Settings of a database that holds the sample, filled once for all test processes; nobody writes to it."""
    sample = Settings(
        _env_file=None,
        clickhouse_host=LOOPBACK,
        clickhouse_port=clickhouse.tcp_port,
        clickhouse_http_port=clickhouse.http_port,
        clickhouse_database="tenor_sample",
    )
    with shared_folder(tmp_path_factory, "warehouse") as folder:
        if not (folder / "filled").exists():
            migrate(sample)
            client = connect(sample)
            sample_warehouse.fill(client, sample_records)
            client.disconnect()
            (folder / "filled").touch()
    return sample
