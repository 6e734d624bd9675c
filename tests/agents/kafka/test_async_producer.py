"""The asynchronous producer on a real broker: acknowledged or an error, never silence."""

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.common import metrics
from agents.embedded.process import free_port
from agents.embedded.tansu import Tansu
from agents.kafka import async_producer, client, topic_reader
from agents.kafka.admin import topics
from agents.kafka.async_producer import AsyncProducer, DeliveryFailed, OutgoingRecord
from agents.settings.model import Settings
from schemas.topics import Name

pytestmark = pytest.mark.integration

PATIENCE_S = 20.0


@pytest.fixture
def topic(settings: Settings) -> str:
    topics.apply(settings)
    return settings.topics.name(Name.SIGNALS)


@pytest.fixture
def producer(settings: Settings) -> Iterator[AsyncProducer]:
    producer = AsyncProducer(settings)
    yield producer
    producer.close()


async def send(producer: AsyncProducer, records: list[OutgoingRecord]) -> None:
    await asyncio.wait_for(producer.send(records), PATIENCE_S)


def published(topic: str) -> float:
    return float(metrics.RECORDS_OUT.labels(topic)._value.get())


async def test_all_are_acknowledged_in_order(settings: Settings, topic: str, producer: AsyncProducer) -> None:
    headers = [("name", b"value"), ("empty", None)]
    records = [
        OutgoingRecord(topic, b"c1", str(n).encode(), headers, timestamp_ms=1_700_000_000_000 + n) for n in range(5000)
    ]
    await send(producer, records)
    stored = list(topic_reader.read(settings, [topic]))
    assert [record.value for record in stored] == [record.value for record in records]
    assert {(record.key, tuple(record.headers)) for record in stored} == {(b"c1", tuple(headers))}
    assert [record.timestamp for record in stored] == [record.timestamp_ms for record in records]
    assert published(topic) == 5000


async def test_partition_tombstone_and_nothing_at_all(settings: Settings, topic: str, producer: AsyncProducer) -> None:
    await send(producer, [])
    await send(producer, [OutgoingRecord(topic, b"k", None, partition=number) for number in (1, 0, 1)])
    stored = list(topic_reader.read(settings, [topic]))
    assert [(record.partition, record.value) for record in stored] == [(0, None), (1, None), (1, None)]


async def test_sends_at_once_do_not_wait_for_each_other(topic: str, producer: AsyncProducer) -> None:
    await asyncio.gather(*(send(producer, [OutgoingRecord(topic, b"k", b"v")] * 200) for _ in range(10)))
    assert published(topic) == 2000


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_record_over_the_limit_is_an_error_and_the_producer_goes_on(
    topic: str, producer: AsyncProducer, place: int
) -> None:
    records = [OutgoingRecord(topic, b"k", b"v")] * 2
    records.insert(place, OutgoingRecord(topic, b"k", b"x" * (client.MAX_MESSAGE_BYTES + 1)))
    with pytest.raises(DeliveryFailed, match=rf"did not accept a record for {topic} \(MSG_SIZE_TOO_LARGE\)"):
        await send(producer, records)
    assert published(topic) == 0, "a batch counts as published whole or not at all"
    await send(producer, [OutgoingRecord(topic, b"k", b"after")])


async def test_a_partition_that_does_not_exist(topic: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch, 10_000)  # a busy machine must not make the good record late
    producer = AsyncProducer(settings)
    with pytest.raises(DeliveryFailed, match="UNKNOWN_PARTITION"):
        await send(producer, [OutgoingRecord(topic, b"k", b"v"), OutgoingRecord(topic, b"k", b"v", partition=99)])
    producer.close()


async def test_more_than_the_queue_holds(topic: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, **{"queue.buffering.max.messages": 100})
    producer = AsyncProducer(settings)
    await send(producer, [OutgoingRecord(topic, b"k", b"v")] * 1000)
    assert published(topic) == 1000
    producer.close()


async def test_a_dead_broker_is_an_error_once_the_delivery_timeout_is_over(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch, 2000)
    broker = Tansu.start(free_port(), tmp_path)
    own = settings.model_copy(update={"brokers": broker.bootstrap})
    topics.apply(own)
    producer = AsyncProducer(own)
    name = own.topics.name(Name.SIGNALS)
    await send(producer, [OutgoingRecord(name, b"k", b"before")])
    run = [OutgoingRecord(name, b"k", b"x" * 1000)] * 20_000
    threading.Timer(0.02, os.kill, (broker.child.pid, signal.SIGKILL)).start()
    try:
        with pytest.raises(DeliveryFailed, match=f"did not accept a record for {name}"):
            await send(producer, run * 10)  # more than the broker takes before it dies
    finally:
        producer.close()
        broker.stop()


def test_closing_leaves_no_thread(settings: Settings) -> None:
    producer = AsyncProducer(settings)
    producer.close()
    producer.close()
    assert "async-producer" not in {thread.name for thread in threading.enumerate()}


def shorten(monkeypatch: pytest.MonkeyPatch, timeout_ms: int) -> None:
    change(monkeypatch, **{"delivery.timeout.ms": timeout_ms})


def change(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    original = async_producer.producer_config
    monkeypatch.setattr(async_producer, "producer_config", lambda settings: {**original(settings), **changes})
