"""The synchronous producer: acknowledged with an offset, or an error that a person can act on."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.cli import main as cli
from agents.embedded.process import free_port
from agents.embedded.tansu import Tansu
from agents.kafka import producer as producer_module
from agents.kafka import topic_reader
from agents.kafka.admin import topics
from agents.kafka.async_producer import DeliveryFailed, OutgoingRecord
from agents.kafka.producer import Producer
from agents.settings.model import Settings
from schemas.topics import Name

pytestmark = pytest.mark.integration


@pytest.fixture
def topic(settings: Settings) -> str:
    topics.apply(settings)
    return settings.topics.name(Name.SIGNALS)


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change the configuration of every producer made from now on."""
    original = producer_module.producer_config

    def changed(**changes: Any) -> None:
        monkeypatch.setattr(producer_module, "producer_config", lambda settings: {**original(settings), **changes})

    return changed


def test_send_returns_the_offset_of_each_key(settings: Settings, topic: str) -> None:
    producer = Producer(settings)
    records = [OutgoingRecord(topic, key, b"v", partition=0) for key in (b"a", b"b", b"a")]
    assert producer.send([]) == {}
    assert producer.send(records) == {(topic, b"a"): 2, (topic, b"b"): 1}
    assert producer.send(records[1:2]) == {(topic, b"b"): 3}
    assert [record.key for record in topic_reader.read(settings, [topic])] == [b"a", b"b", b"a", b"b"]


def test_publishing_waits_while_the_queue_is_full(settings: Settings, topic: str, change: Callable[..., None]) -> None:
    change(**{"queue.buffering.max.messages": 100})
    acknowledged: list[int] = []
    producer = Producer(settings, on_progress=acknowledged.append)
    for number in range(1000):
        producer.publish(OutgoingRecord(topic, b"k", b"%d" % number, partition=0))
    producer.flush()
    assert acknowledged == sorted(acknowledged) and acknowledged[-1] == 1000
    assert [record.value for record in topic_reader.read(settings, [topic])] == [b"%d" % n for n in range(1000)]


def test_a_record_over_the_limit_is_an_error(settings: Settings, topic: str, change: Callable[..., None]) -> None:
    change(**{"message.max.bytes": 2000})
    with pytest.raises(DeliveryFailed, match=rf"Kafka did not accept a record for {topic} \(MSG_SIZE_TOO_LARGE\)\."):
        Producer(settings).send([OutgoingRecord(topic, b"k", b"x" * 3000)])


def test_a_partition_that_does_not_exist_is_an_error(settings: Settings, topic: str) -> None:
    producer = Producer(settings, delivery_timeout_s=10.0)
    with pytest.raises(DeliveryFailed, match="UNKNOWN_PARTITION"):
        producer.send([OutgoingRecord(topic, b"k", b"v", partition=99)])
    with pytest.raises(DeliveryFailed, match="UNKNOWN_PARTITION"):
        producer.send([OutgoingRecord(topic, b"k", b"v")])  # what was refused stays refused


def test_a_broker_that_is_gone_is_an_error_after_a_time(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.kafka.producer.FLUSH_S", 1.0)
    broker = Tansu.start(free_port(), tmp_path)
    own = settings.model_copy(update={"brokers": broker.bootstrap})
    topics.apply(own)
    broker.stop()
    name = own.topics.name(Name.SIGNALS)
    with pytest.raises(DeliveryFailed, match=f"Kafka did not acknowledge a record for {name} within 1 s"):
        Producer(own).send([OutgoingRecord(name, b"k", b"v")])


def test_an_acknowledgement_kafka_refuses_is_one_sentence_on_the_command_line(
    settings: Settings, topic: str, change: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """It was a traceback: ``DeliveryFailed`` was no ``Failure``."""
    change(**{"message.max.bytes": 2000})
    monkeypatch.setenv("TENOR_BROKERS", settings.brokers)
    monkeypatch.setenv("TENOR_TOPIC_PREFIX", settings.topic_prefix)
    monkeypatch.setattr(sys, "argv", ["tenor", "alerts", "ack", "c1", "--reason", "x" * 3000])
    with pytest.raises(SystemExit) as exited:
        cli.main()
    assert exited.value.code == 1
    commands = settings.topics.name(Name.ALERT_COMMANDS)
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines()[0] == f"error: Kafka did not accept a record for {commands} (MSG_SIZE_TOO_LARGE)."
    assert "tenor doctor" in err and "Traceback" not in err
