"""Runs a sink in the test process; publishes records for it; counts the rows it stored and its lag."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, Producer

from agents.clickhouse.client import connect
from agents.kafka import client as kafka
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.record_builder import build_record
from agents.settings.model import Settings
from agents.sink.sink import Sink, source_topics
from schemas.codec import Codec
from schemas.json_form import to_json
from schemas.topics import Name
from streams.outputs import Output
from tests.support.data.records import AT, alert, decision, outcome, point

CODEC = Codec()
KINDS: dict[str, Callable[..., dict[str, Any]]] = {
    "trajectory_point": point,
    "decision": decision,
    "outcome": outcome,
    "alert": alert,
}
WAIT_S = 20.0


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
