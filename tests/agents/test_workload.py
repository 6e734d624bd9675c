"""Workload from topics to topics: figures of teams, an alert and dead letters."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from confluent_kafka import Producer

from agents.common.errors import Failure
from agents.kafka import client, topic_reader
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.record_builder import build_record, headers_of
from agents.settings.model import Settings
from agents.workload import WorkloadService
from schemas.codec import Codec
from schemas.json_form import to_json
from schemas.records import Datum, record
from schemas.topics import RECORD_OF, Name
from streams.config.model import WorkloadConfig
from streams.outputs import Output
from tests.support.data.records import point
from tests.support.data.shifts import HOUR, MINUTE, START, at, case, given, turn

pytestmark = pytest.mark.integration

CODEC = Codec()
CREW = ("a", "b", "c")
WORKLOAD = WorkloadConfig(enabled=True, least=3)
JSON = [("content-type", b"application/json")]
PATIENCE_S = 30.0


def shift(hour: int) -> list[Datum]:
    """A hard hour of everybody. A platform may still send ``shown_to``, which no longer does anything."""
    first, last = hour * HOUR, hour * HOUR + 50
    return [datum for name in CREW for datum in case(name, first, last, (first + 5, last - 5), shown_to="0f" * 32)]


def outgoing(settings: Settings, datum: Datum) -> OutgoingRecord:
    """What a platform and a worker publish."""
    if "turn" not in datum:
        return OutgoingRecord(settings.topics.name(Name.ASSIGNMENTS), b"c", to_json(datum), JSON)
    whole = point(**datum, point_id=f"{datum['conversation_id']}-{datum['event_time']}")
    return build_record(Output("trajectory_point", whole["point_id"], whole), CODEC, settings.topics)


def publish(settings: Settings, records: list[OutgoingRecord]) -> None:
    producer = Producer(client.producer_config(settings))
    for one in records:
        producer.produce(one.topic, key=one.key, value=one.value, headers=list(one.headers))
    assert producer.flush(10) == 0


@contextmanager
def running(settings: Settings) -> Iterator[WorkloadService]:
    one, stop = WorkloadService(settings, clock=lambda: START + 24 * HOUR * MINUTE), threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    try:
        yield one
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()


def told(settings: Settings, name: Name, least: int) -> list[Datum]:
    """What stands on a topic, once there is so much of it."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = list(topic_reader.read(settings, [settings.topics.name(name)]))
        if len(found) >= least or time.monotonic() > deadline:
            return [CODEC.decode(record(RECORD_OF[name]), one.value, headers_of(one)) for one in found]
        time.sleep(0.1)


def test_it_is_off_unless_it_is_switched_on(settings: Settings) -> None:
    with pytest.raises(Failure, match="Workload exposure is off") as caught:
        WorkloadService(settings)
    assert "docs/operators.md" in str(caught.value.hint)


def test_alerts_are_acknowledged_before_the_figures_that_say_a_period_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    one = WorkloadService(Settings(_env_file=None, workload=WORKLOAD), clock=lambda: at(3 * HOUR))
    sent: list[list[str]] = []
    monkeypatch.setattr(one._producer, "send", lambda letters: sent.append([letter.topic for letter in letters]))
    for datum in [*shift(0), turn(HOUR + 5, "later", False)]:
        (one._workload.add_point if "turn" in datum else one._workload.add_assignment)(datum)
    one._publish_due()
    names = one.settings.topics
    assert sent == [[names.name(Name.ALERTS)], [names.name(Name.WORKLOAD)]]


def test_from_assignments_to_figures_and_back_after_a_restart(settings: Settings) -> None:
    own = settings.model_copy(update={"workload": WORKLOAD})
    topics.apply(own)
    bad: dict[str, Any] = given(1, "c", "a") | {"shown_to": "not a digest"}
    publish(own, [outgoing(own, one) for one in [*shift(0), bad, turn(HOUR + 5, "later", False)]])
    with running(own):
        [berlin] = told(own, Name.WORKLOAD, 1)
        assert (berlin["team"], berlin["operators"], berlin["hostile_minutes"]) == ("berlin", 3, 40.0)
        [alert] = told(own, Name.ALERTS, 1)
        assert (alert["rule"], alert["title"]) == ("team_overloaded", "Team berlin may need cover")
        letters = [settings.topics.dead_letters(Name.ASSIGNMENTS)]
        assert [letter.key for letter in topic_reader.read(own, letters)] == [b"c"]
    publish(own, [outgoing(own, one) for one in [*shift(1), turn(2 * HOUR + 5, "later", False)]])
    with running(own):
        found = told(own, Name.WORKLOAD, 2)
    assert [one["event_time"] for one in found] == [at(HOUR), at(2 * HOUR)]
    assert found[1]["hostile_minutes"] == 40.0
    assert len(told(own, Name.ALERTS, 1)) == 1  # it has been under strain since
