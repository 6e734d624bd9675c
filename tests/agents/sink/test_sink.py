"""The sink between a real broker and a real ClickHouse."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer

from agents.clickhouse.client import connect
from agents.clickhouse.migrate import migrate
from agents.common import metrics
from agents.common.errors import Failure
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import free_port
from agents.kafka import client as kafka
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.consumed_record import ConsumedRecord
from agents.kafka.record_builder import build_record
from agents.settings.model import Settings
from agents.sink.sink import CorruptRecordError, Sink, source_topics
from schemas.codec import Codec
from schemas.json_form import to_json
from schemas.topics import Name
from streams.outputs import Output
from tests.support.data.records import AT, alert, decision, outcome, point, rating

pytestmark = pytest.mark.integration

CODEC = Codec()
KINDS: dict[str, Callable[..., dict[str, Any]]] = {
    "trajectory_point": point,
    "decision": decision,
    "outcome": outcome,
    "alert": alert,
}
WAIT_S = 20.0


@pytest.fixture
def ready(settings: Settings, clickhouse: ClickHouse) -> Settings:
    """Settings whose topics and tables exist."""
    migrate(settings)
    assert topics.apply(settings) == []
    return settings.model_copy(update={"clickhouse_http_port": clickhouse.http_port})


def outputs(settings: Settings, numbers: Iterable[int], kinds: Iterable[str] = KINDS) -> list[OutgoingRecord]:
    data = [(kind, KINDS[kind](n, conversation_id=f"c{n % 7}")) for n in numbers for kind in kinds]
    return [build_record(Output(kind, str(i), datum), CODEC, settings.topics) for i, (kind, datum) in enumerate(data)]


def rated(settings: Settings, datum: dict[str, Any]) -> OutgoingRecord:
    return OutgoingRecord(
        settings.topics.name(Name.RATINGS), b"c1", to_json(datum), [("content-type", b"application/json")]
    )


def publish(settings: Settings, records: Iterable[OutgoingRecord]) -> None:
    producer = Producer(kafka.producer_config(settings))
    for record in records:
        producer.produce(record.topic, key=record.key, value=record.value, headers=list(record.headers), timestamp=AT)
    assert producer.flush(10) == 0


class Running:
    """A sink in a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self.sink = Sink(settings, clock=lambda: AT)
        self.stop = threading.Event()
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.sink.run(self.stop)
        except BaseException as error:
            self.error = error

    def end(self) -> BaseException | None:
        self.stop.set()
        self.thread.join(WAIT_S)
        assert not self.thread.is_alive()
        return self.error


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    sink = Running(settings)
    try:
        yield sink
    finally:
        error = sink.end()
    assert error is None, error


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def count(settings: Settings, view: str) -> int:
    client = connect(settings)
    try:
        return int(client.execute(f"SELECT count() FROM {view}")[0][0])
    finally:
        client.disconnect()


def lag(settings: Settings) -> int:
    """Records of the sink's topics that are not committed."""
    dead = [topic.name for topic in settings.topics.all() if topic.name.endswith(".dlq")]
    positions = kafka.partitions_of(settings, [*source_topics(settings.topics), *dead])
    ends = kafka.end_offsets(settings, positions)
    done = kafka.committed_offsets(settings, settings.topics.sink_group, positions)
    return sum(ends[p] - done[p] for p in positions)


def test_everything_arrives_once_and_is_committed(ready: Settings) -> None:
    publish(ready, [*outputs(ready, range(1, 301)), rated(ready, rating())])
    with running(ready) as sink:
        assert eventually(lambda: count(ready, "trajectories") == 300 and count(ready, "rated") == 1)
        assert sink.sink.health.ready
        lag_gauge = metrics.LAG.labels(ready.topics.name(Name.TRAJECTORIES))
        assert eventually(lambda: ready.topics.name(Name.ALERTS) in metrics.SHOWN_LAG and lag_gauge._value.get() == 0)
    assert [count(ready, view) for view in ("decided", "observed", "alerted", "refused")] == [300, 300, 300, 0]
    assert lag(ready) == 0


def test_a_transaction_at_the_end_is_committed_to_its_end(ready: Settings, apache: str) -> None:
    """Its marker takes the last offset, and no record ever comes from there: who waits for the sink waited for one."""
    settings = ready.model_copy(update={"brokers": apache, "embedded": False})
    assert topics.apply(settings) == []
    producer = Producer({**kafka.producer_config(settings), "transactional.id": "platform"})
    producer.init_transactions(20)
    transaction(producer, rated(settings, rating()))
    with running(settings):
        assert eventually(lambda: count(settings, "rated") == 1)
        assert eventually(lambda: lag(settings) == 0)
        transaction(producer, rated(settings, rating(2)), commit=False)
        assert eventually(lambda: lag(settings) == 0)
    assert count(settings, "rated") == 1


def transaction(producer: Producer, record: OutgoingRecord, commit: bool = True) -> None:
    producer.begin_transaction()
    producer.produce(record.topic, key=record.key, value=record.value, headers=list(record.headers), timestamp=AT)
    producer.flush(10)  # what is aborted must have reached the log before
    (producer.commit_transaction if commit else producer.abort_transaction)(20)


@pytest.mark.parametrize("http_port", [0, 1])
def test_without_http_everything_arrives_all_the_same(ready: Settings, http_port: int) -> None:
    """None is set, or nobody listens."""
    changed = ready.model_copy(update={"clickhouse_http_port": http_port})
    publish(ready, outputs(ready, range(1, 301)))
    with running(changed):
        assert eventually(lambda: count(ready, "trajectories") == 300 and lag(ready) == 0)


def test_records_of_two_schemas_and_forms_arrive_together(ready: Settings) -> None:
    """Another writer's schema, or JSON, is read here."""
    name = ready.topics.name(Name.TRAJECTORIES)
    json_form = OutgoingRecord(name, b"c1", to_json(point(2)), [("content-type", b"application/json")])
    publish(ready, [*outputs(ready, [1], ["trajectory_point"]), json_form, *outputs(ready, [3], ["trajectory_point"])])
    with running(ready):
        assert eventually(lambda: count(ready, "trajectories") == 3 and lag(ready) == 0)


@pytest.mark.parametrize("place", [0, 5, 9])
def test_a_broken_body_is_noticed_wherever_it_stands(ready: Settings, place: int) -> None:
    batch = outputs(ready, range(1, 11), ["trajectory_point"])
    batch[place] = batch[place]._replace(value=(batch[place].value or b"")[:-20])
    publish(ready, [record._replace(key=b"c1") for record in batch])
    with running(ready):
        assert eventually(lambda: count(ready, "refused") == 1 and count(ready, "trajectories") == 9)
        assert eventually(lambda: lag(ready) == 0)


def test_a_batch_that_comes_twice_collapses(ready: Settings) -> None:
    for _ in range(2):
        publish(ready, outputs(ready, range(1, 101)))
        with running(ready):
            assert eventually(lambda: lag(ready) == 0)
    assert count(ready, "trajectory_points") >= 100
    assert [count(ready, view) for view in ("trajectories", "decided", "observed", "alerted")] == [100] * 4
    connect(ready).execute("OPTIMIZE TABLE trajectory_points FINAL")
    assert count(ready, "trajectory_points") == 100


def test_the_same_dead_letter_twice_is_one_row(ready: Settings) -> None:
    for _ in range(2):
        sink = Sink(ready, clock=lambda: AT)
        poison = ConsumedRecord(ready.topics.name(Name.RATINGS), 0, 5, b"c1", b"nonsense", (), AT)
        _, letters = sink.to_rows([poison])
        publish(ready, letters)
    with running(ready):
        assert eventually(lambda: count(ready, "dead_letters") >= 1 and lag(ready) == 0)
    assert count(ready, "refused") == 1


def test_a_poison_rating_becomes_a_dead_letter_and_its_row(ready: Settings) -> None:
    name = ready.topics.name(Name.RATINGS)
    alone = rating(2, decision_id="d1", compared_with="d1", preferred=True)
    bad = [
        rated(ready, rating(2, clarity=6)),
        rated(ready, alone),
        OutgoingRecord(name, b"c1", b"secret words"),
        OutgoingRecord(name, b"c1", None),
    ]
    before = metrics.EVENTS_REFUSED.labels(name, "out_of_range")._value.get()
    publish(ready, [rated(ready, rating(1)), *bad, rated(ready, rating(3))])
    with running(ready):
        assert eventually(lambda: count(ready, "refused") == 4)
        assert eventually(lambda: lag(ready) == 0)
    assert count(ready, "rated") == 2
    assert metrics.EVENTS_REFUSED.labels(name, "out_of_range")._value.get() == before + 2
    rows = connect(ready).execute("SELECT topic, stage, reason, bytes FROM refused ORDER BY reason")
    reasons = ("empty", "out_of_range", "out_of_range", "unknown_format")
    assert [row[:3] for row in rows] == [(name, "sink", reason) for reason in reasons]
    assert rows[3][3] == len(b"secret words")
    letters = consume(ready, ready.topics.dead_letters(Name.RATINGS), 4)
    assert {letter.value() for letter in letters} == {record.value for record in bad}
    assert all(letter.timestamp()[1] == AT for letter in letters)


def test_an_undecodable_decision_is_refused_too(ready: Settings) -> None:
    publish(
        ready, [OutgoingRecord(ready.topics.name(Name.DECISIONS), b"c1", b"\xc3\x01garbage!"), *outputs(ready, [1])]
    )
    with running(ready):
        assert eventually(lambda: count(ready, "refused") == 1)
    assert count(ready, "decided") == 1


def test_any_record_of_a_dead_letter_queue_is_a_row(ready: Settings) -> None:
    name = ready.topics.dead_letters(Name.MESSAGES)
    publish(ready, [OutgoingRecord(name, None, None), OutgoingRecord(name, b"k", b"x" * 500_000, [("a", None)])])
    with running(ready):
        assert eventually(lambda: count(ready, "refused") == 2)
    rows = connect(ready).execute("SELECT topic, reason, stage, bytes FROM refused ORDER BY bytes")
    assert rows == [(name[:-4], "unknown", "unknown", size) for size in (0, 500_000)]


def test_a_broken_record_of_our_own_is_a_bug(ready: Settings) -> None:
    publish(ready, [OutgoingRecord(ready.topics.name(Name.ALERTS), b"c1", b"not ours")])
    sink = Running(ready)
    sink.thread.join(WAIT_S)
    assert isinstance(sink.end(), CorruptRecordError)
    assert lag(ready) == 1


def test_events_of_many_months_in_one_batch(ready: Settings) -> None:
    month = 31 * 86_400_000
    data = [point(n, event_time=AT - n * month) for n in range(1, 115)]
    publish(ready, [build_record(Output("trajectory_point", d["point_id"], d), CODEC, ready.topics) for d in data])
    with running(ready):
        assert eventually(lambda: count(ready, "trajectories") == 114)


def test_missing_topics_and_tables_are_said_at_once(settings: Settings) -> None:
    with pytest.raises(Failure, match="topics are missing"):
        Sink(settings).run(threading.Event())
    topics.apply(settings)
    with pytest.raises(Failure, match="TENOR_CLICKHOUSE_DATABASE"):
        Sink(settings).run(threading.Event())


class Restartable:
    """A ClickHouse of one test, on fixed ports."""

    def __init__(self, directory: Path) -> None:
        self.ports, self._directory = (free_port(), free_port()), directory
        self.server = self.start()

    def start(self) -> ClickHouse:
        self.server = ClickHouse.start(*self.ports, self._directory)
        return self.server


@pytest.fixture
def own_clickhouse(tmp_path: Path) -> Iterator[Restartable]:
    server = Restartable(tmp_path)
    yield server
    server.server.stop()


@pytest.fixture
def fragile(settings: Settings, own_clickhouse: Restartable) -> Settings:
    """Settings with a ClickHouse that may be stopped."""
    topics.apply(settings)
    native, http = own_clickhouse.ports
    changed = settings.model_copy(update={"clickhouse_port": native, "clickhouse_http_port": http})
    migrate(changed)
    return changed


def failures(table: str) -> float:
    return float(metrics.INSERT_FAILURES.labels(table)._value.get())


def test_clickhouse_goes_and_comes_back(fragile: Settings, own_clickhouse: Restartable) -> None:
    before = failures("trajectory_points")
    with running(fragile):
        publish(fragile, outputs(fragile, range(1, 101), ["trajectory_point"]))
        assert eventually(lambda: lag(fragile) == 0)
        own_clickhouse.server.stop()
        publish(fragile, outputs(fragile, range(101, 201), ["trajectory_point"]))
        assert eventually(lambda: failures("trajectory_points") > before)
        publish(fragile, outputs(fragile, range(201, 301), ["trajectory_point"]))
        time.sleep(3 * fragile.session_timeout_s)  # longer than the group waits for a silent member
        assert 0 < lag(fragile) <= 200
        own_clickhouse.start()
        assert eventually(lambda: lag(fragile) == 0)
    assert count(fragile, "trajectories") == 300
    assert count(fragile, "trajectory_points") == 300  # the member was never thrown out, so nothing came twice


def test_nothing_is_committed_before_it_is_inserted(fragile: Settings, own_clickhouse: Restartable) -> None:
    impatient = fragile.model_copy(update={"sink_patience_s": 1.0})
    sink = Running(impatient)
    assert eventually(lambda: sink.sink.health.ready)
    own_clickhouse.server.stop()
    publish(fragile, outputs(fragile, range(1, 51)))
    sink.thread.join(WAIT_S)
    error = sink.end()
    assert isinstance(error, Failure)
    assert "gave up after 1 s" in error.message
    assert "TENOR_CLICKHOUSE_HOST" in error.message
    assert lag(fragile) == 200
    own_clickhouse.start()
    with running(fragile):
        assert eventually(lambda: lag(fragile) == 0)
    assert [count(fragile, view) for view in ("trajectories", "decided", "observed", "alerted")] == [50] * 4


def test_stop_does_not_wait_for_clickhouse_to_come_back(fragile: Settings, own_clickhouse: Restartable) -> None:
    with running(fragile) as sink:
        assert eventually(lambda: sink.sink.health.ready)
        own_clickhouse.server.stop()
        before = failures("trajectory_points")
        publish(fragile, outputs(fragile, range(1, 11), ["trajectory_point"]))
        assert eventually(lambda: failures("trajectory_points") > before)
    assert lag(fragile) == 10


def test_two_sinks_share_and_hand_over(ready: Settings) -> None:
    with running(ready) as first:
        assert eventually(lambda: first.sink.health.ready)
        publish(ready, outputs(ready, range(1, 101), ["trajectory_point"]))
        with running(ready) as second:
            assert eventually(lambda: second.sink.health.ready)
            publish(ready, outputs(ready, range(101, 201), ["trajectory_point"]))
            assert eventually(lambda: count(ready, "trajectories") == 200)
        publish(ready, outputs(ready, range(201, 301), ["trajectory_point"]))
        assert eventually(lambda: count(ready, "trajectories") == 300)
        assert eventually(lambda: lag(ready) == 0)


def consume(settings: Settings, topic: str, wanted: int) -> list[Any]:
    consumer = Consumer(kafka.consumer_config(settings, "check"))
    consumer.subscribe([topic])
    messages: list[Any] = []
    assert eventually(lambda: len(consume_more(consumer, messages)) >= wanted)
    consumer.close()
    return messages


def consume_more(consumer: Consumer, messages: list[Any]) -> list[Any]:
    messages += [message for message in consumer.consume(100, 0.2) if message.error() is None]
    return messages
