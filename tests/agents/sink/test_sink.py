"""The sink between a real broker and a real ClickHouse."""

import threading

import pytest
from confluent_kafka import Producer

from agents.clickhouse.client import connect
from agents.common import metrics
from agents.common.errors import Failure
from agents.kafka import client as kafka
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.record_builder import build_record
from agents.settings.model import Settings
from agents.sink.sink import Sink
from schemas.json_form import to_json
from schemas.topics import Name
from streams.outputs import Output
from tests.support.data.records import AT, point, rating
from tests.support.sink import (
    CODEC,
    count,
    eventually,
    lag,
    outputs,
    publish,
    rated,
    running,
)

pytestmark = pytest.mark.integration


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


def test_a_batch_that_comes_twice_collapses(ready: Settings) -> None:
    for _ in range(2):
        publish(ready, outputs(ready, range(1, 101)))
        with running(ready):
            assert eventually(lambda: lag(ready) == 0)
    assert count(ready, "trajectory_points") >= 100
    assert [count(ready, view) for view in ("trajectories", "decided", "observed", "alerted")] == [100] * 4
    connect(ready).execute("OPTIMIZE TABLE trajectory_points FINAL")
    assert count(ready, "trajectory_points") == 100


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
