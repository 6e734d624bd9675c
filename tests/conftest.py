"""Real engines for the tests of the wiring: one broker and one ClickHouse a session, a corner of each for a test."""

import fcntl
import itertools
import os
import pickle
from collections.abc import Iterator

import pytest

from agents.clickhouse.client import connect, quote_identifier
from agents.clickhouse.migrate import migrate
from agents.docgen import sample_warehouse
from agents.docgen.offline_pipeline import Records
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import LOOPBACK, free_port
from agents.embedded.tansu import Tansu
from agents.kafka.client import admin_client, metadata
from agents.settings.model import Settings
from tests.support.data.experiments import Made, experiment
from tests.support.data.warehouse import store
from tests.support.servers.apache_kafka import ApacheKafka, unavailable_reason

COUNTER = itertools.count(1)


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """A running ClickHouse."""
    server = ClickHouse.start(free_port(), free_port(), tmp_path_factory.mktemp("clickhouse"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def tansu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tansu]:
    """A running broker."""
    broker = Tansu.start(free_port(), tmp_path_factory.mktemp("tansu"))
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def apache() -> Iterator[str]:
    """Address of Apache Kafka, for what the embedded broker does not have."""
    if reason := unavailable_reason():
        assert not os.environ.get("CI"), f"Apache Kafka must be tested in CI, but: {reason}"
        pytest.skip(reason)
    broker = ApacheKafka()
    yield broker.start()
    broker.stop()


@pytest.fixture
def settings(clickhouse: ClickHouse, tansu: Tansu, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings with topics and a database of their own; neither is created yet, both are removed."""
    for name in [name for name in os.environ if name.startswith("TENOR_")]:
        monkeypatch.delenv(name)
    number = next(COUNTER)
    own = Settings(
        _env_file=None,
        brokers=tansu.bootstrap,
        topic_prefix=f"test{number}.",
        partitions=2,
        embedded=True,
        clickhouse_host=LOOPBACK,
        clickhouse_port=clickhouse.tcp_port,
        clickhouse_database=f"tenor_test_{number}",
        session_timeout_s=2.0,
        fetch_wait_ms=20,
        sink_wait_s=0.2,
    )
    yield own
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
def database(clickhouse: ClickHouse) -> Iterator[Settings]:
    """Settings of one database for all tests of a module, for those that read the views: each has its own tenants."""
    name = f"tenor_module_{next(COUNTER)}"
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


@pytest.fixture(scope="session")
def sample_records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    """A recorded fortnight, replayed once for all processes that test."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    kept = shared / "sample.pickle"
    with (shared / "sample.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(dict(sample_warehouse.records(shared / "sample.jsonl.gz"))))
    records: Records = pickle.loads(kept.read_bytes())
    return records


@pytest.fixture(scope="session")
def warehouse(clickhouse: ClickHouse, sample_records: Records) -> Iterator[Settings]:
    """Settings of a database that holds the sample; nobody writes to it."""
    own = Settings(
        _env_file=None,
        clickhouse_host=LOOPBACK,
        clickhouse_port=clickhouse.tcp_port,
        clickhouse_http_port=clickhouse.http_port,
        clickhouse_database="tenor_sample",
    )
    migrate(own)
    client = connect(own)
    sample_warehouse.fill(client, sample_records)
    client.disconnect()
    yield own
    drop_database(own)
