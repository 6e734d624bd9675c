"""Ticks: behind the newest event while events come, at the pace of the clock when they stop, never back."""

from collections.abc import Sequence
from typing import Any

import pytest

from agents.kafka.async_producer import OutgoingRecord
from agents.worker.ticks import TickPublisher
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import Topics

LAST_YEAR = 1_700_000_000_000
LATENESS_S = 30.0


class Fold:
    """All that ticks need of a partition: its newest event time, and whether it holds anything."""

    def __init__(self, newest: int, length: int = 1) -> None:
        self.newest, self._length = newest, length

    def __len__(self) -> int:
        return self._length


class Recorder:
    """An outbox that keeps what it is given, or refuses it."""

    def __init__(self) -> None:
        self.sent: list[OutgoingRecord] = []
        self.error: Exception | None = None

    async def send(self, records: Sequence[OutgoingRecord]) -> None:
        if self.error:
            raise self.error
        self.sent += records

    def times(self) -> list[tuple[int | None, int]]:
        """Partition and stream time of each tick since last asked, time relative to LAST_YEAR."""
        times = [(record.partition, decode(record)["event_time"] - LAST_YEAR) for record in self.sent]
        self.sent.clear()
        return times


def decode(outgoing: OutgoingRecord) -> dict[str, Any]:
    return Codec().decode(record("signal"), outgoing.value, {})


@pytest.fixture
def outbox() -> Recorder:
    return Recorder()


@pytest.fixture
def ticks(outbox: Recorder) -> TickPublisher:
    return TickPublisher(Topics("test.", 4), Codec(), outbox, LATENESS_S)  # type: ignore[arg-type]


async def publish_due(ticks: TickPublisher, partitions: dict[int, Fold], now_s: float) -> None:
    await ticks.publish_due(partitions, now_s)  # type: ignore[arg-type]


async def test_a_tick_is_a_signal_for_its_partition(ticks: TickPublisher, outbox: Recorder) -> None:
    await publish_due(ticks, {3: Fold(LAST_YEAR)}, 1000.0)
    [record] = outbox.sent
    assert (record.topic, record.partition, record.key) == ("test.tenor.signals", 3, None)
    assert decode(record)["kind"] == "tick"
    assert decode(record)["event_time"] == LAST_YEAR - 30_000


async def test_it_follows_the_newest_event_whatever_the_clock_says(ticks: TickPublisher, outbox: Recorder) -> None:
    for number in range(3):
        await publish_due(ticks, {0: Fold(LAST_YEAR + number * 60_000)}, 1000.0 + number * 5)
    assert outbox.times() == [(0, -30_000), (0, 30_000), (0, 90_000)]


async def test_in_silence_it_moves_on_with_the_clock(ticks: TickPublisher, outbox: Recorder) -> None:
    silent = {0: Fold(LAST_YEAR)}
    for now_s in (1000.0, 1005.0, 1600.0):
        await publish_due(ticks, silent, now_s)
    assert outbox.times() == [(0, -30_000), (0, -25_000), (0, 570_000)]


async def test_it_never_goes_back(ticks: TickPublisher, outbox: Recorder) -> None:
    fold = Fold(LAST_YEAR)
    for now_s in (0.0, 100.0):
        await publish_due(ticks, {0: fold}, now_s)
    outbox.times()
    fold.newest += 10_000  # the next event comes late: stream time was further already
    await publish_due(ticks, {0: fold}, 105.0)
    assert outbox.times() == []
    await publish_due(ticks, {0: fold}, 196.0)
    assert outbox.times() == [(0, 71_000)]


async def test_the_same_time_is_not_sent_twice(ticks: TickPublisher, outbox: Recorder) -> None:
    for _ in range(2):
        await publish_due(ticks, {0: Fold(LAST_YEAR)}, 1000.0)
    assert outbox.times() == [(0, -30_000)]


async def test_a_partition_without_conversations_needs_none(ticks: TickPublisher, outbox: Recorder) -> None:
    await publish_due(ticks, {0: Fold(LAST_YEAR, length=0), 1: Fold(LAST_YEAR)}, 0.0)
    assert outbox.times() == [(1, -30_000)]


async def test_partitions_have_times_of_their_own(ticks: TickPublisher, outbox: Recorder) -> None:
    await publish_due(ticks, {0: Fold(LAST_YEAR), 1: Fold(LAST_YEAR + 500_000)}, 0.0)
    assert outbox.times() == [(0, -30_000), (1, 470_000)]


async def test_what_was_not_taken_is_due_again(ticks: TickPublisher, outbox: Recorder) -> None:
    outbox.error = RuntimeError("not taken")
    with pytest.raises(RuntimeError):
        await publish_due(ticks, {0: Fold(LAST_YEAR)}, 0.0)
    outbox.error = None
    await publish_due(ticks, {0: Fold(LAST_YEAR)}, 0.0)
    assert outbox.times() == [(0, -30_000)]


async def test_a_wait_for_the_broker_is_no_silence(outbox: Recorder) -> None:
    """What the platform sent meanwhile is still to come: its windows must be open when it does."""
    ticks = TickPublisher(Topics("test.", 4), Codec(), outbox, LATENESS_S, step_s=10.0)  # type: ignore[arg-type]
    partitions = {0: Fold(LAST_YEAR)}
    for now_s in (1000.0, 1005.0, 1305.0, 1310.0):  # five minutes between the second and the third
        await publish_due(ticks, partitions, now_s)
    assert outbox.times() == [(0, -30_000), (0, -25_000), (0, -15_000), (0, -10_000)]
