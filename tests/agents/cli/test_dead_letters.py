"""``tenor dlq``."""

from pathlib import Path

import pytest
from confluent_kafka import Producer

from agents.kafka import client as kafka
from agents.kafka import topic_reader
from agents.settings.model import Settings
from schemas.errors import Reason, Rejected
from schemas.headers import dead_letter_headers
from tests.support.data.command_line import assert_failure, succeeded, tenor

pytestmark = pytest.mark.integration

LETTERS = "conversation.messages"


def refuse(settings: Settings, key: str, value: bytes) -> None:
    """Put a dead letter in the queue of the messages."""
    topic = settings.topics.name(LETTERS)
    refusal = Rejected(Reason.BROKEN_AVRO, "the record ends [/early]")
    producer = Producer(kafka.producer_config(settings))
    headers = dead_letter_headers([("note", b"[kept]")], refusal, (topic, 0, 41), "ingest")
    producer.produce(f"{topic}.dlq", key=key, value=value, headers=list(headers), partition=0)
    assert producer.flush(10) == 0


def test_dead_letters_that_do_not_exist(tmp_path: Path, env: dict[str, str]) -> None:
    assert_failure(tenor(tmp_path, "dlq list tenor.alerts", **env), "tenor.alerts has no dead letter queue", "one of:")
    assert_failure(tenor(tmp_path, f"dlq show {env['TENOR_TOPIC_PREFIX']}{LETTERS} 7", **env), "offset 7")


def test_listed_shown_and_requeued(tmp_path: Path, settings: Settings, env: dict[str, str]) -> None:
    succeeded(tenor(tmp_path, "topics apply", **env))
    refuse(settings, "c1", b"secret words")
    queue = settings.topics.dead_letters(LETTERS)
    table = succeeded(tenor(tmp_path, "dlq list", **{**env, "COLUMNS": "200"}))
    assert [line.split() for line in table.splitlines() if queue in line] == [[queue, "broken_avro", "1"]]
    letters = succeeded(tenor(tmp_path, f"dlq list {queue}", **{**env, "COLUMNS": "200"}))
    assert "0/41" in letters
    assert "the record ends [/early]" in letters
    shown = succeeded(tenor(tmp_path, f"dlq show {queue} 0", **env))
    assert "reason: broken_avro" in shown
    assert "exception.message: the record ends [/early]" in shown
    assert "secret words" not in table + letters + shown
    assert "secret words" in succeeded(tenor(tmp_path, f"dlq show {queue} 0 --payload", **env))
    requeued = succeeded(tenor(tmp_path, f"dlq requeue {queue} 0", **env))
    assert requeued == f"{queue} 0 sent to {settings.topics.name(LETTERS)}\n"
    [again] = [m for m in topic_reader.read(settings, [settings.topics.name(LETTERS)]) if m.value == b"secret words"]
    assert (again.key, list(again.headers)) == (b"c1", [("note", b"[kept]")])
