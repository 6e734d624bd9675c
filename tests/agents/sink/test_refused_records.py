"""What the sink cannot store: a dead letter and a row, or the end of it where the record is our own."""

import pytest

from agents.clickhouse.client import connect
from agents.common import metrics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.consumed_record import ConsumedRecord
from agents.settings.model import Settings
from agents.sink.sink import CorruptRecordError, Sink
from schemas.topics import Name
from tests.support.data.records import AT, rating
from tests.support.sink import WAIT_S, Running, consume, count, eventually, lag, outputs, publish, rated, running

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("place", [0, 5, 9])
def test_a_broken_body_is_noticed_wherever_it_stands(ready: Settings, place: int) -> None:
    batch = outputs(ready, range(1, 11), ["trajectory_point"])
    batch[place] = batch[place]._replace(value=(batch[place].value or b"")[:-20])
    publish(ready, [record._replace(key=b"c1") for record in batch])
    with running(ready):
        assert eventually(lambda: count(ready, "refused") == 1 and count(ready, "trajectories") == 9)
        assert eventually(lambda: lag(ready) == 0)


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
