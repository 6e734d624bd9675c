"""Ticks: stream time as records, so that silence closes windows and a replay closes them alike.

A tick follows the newest event of its partition, ``lateness`` behind it; while nothing arrives it moves on at
the pace of the wall clock. It therefore works for live events and for a recording of last year. While the broker takes
no tick, or the worker itself stands still, nothing can arrive: that is no silence, and time does not move on for it.
"""

from math import inf

from agents.kafka.async_producer import AsyncProducer, OutgoingRecord
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import Name, Topics
from streams.conversations.partition import Partition
from streams.signals.extraction import tick_signal

SIGNAL = record("signal")


class TickPublisher:
    """Publishes ticks for the partitions this worker folds.

    Args:
        lateness_s: how far a tick stays behind the newest event, seconds.
        step_s: what passes between two beats at most, seconds; the rest of a longer wait does not count.
    """

    def __init__(
        self, topics: Topics, codec: Codec, outbox: AsyncProducer, lateness_s: float, step_s: float = inf
    ) -> None:
        self._signals = topics.name(Name.SIGNALS)
        self._codec, self._outbox, self._lateness_s = codec, outbox, lateness_s
        self._step_s, self._beat_s, self._passed_s = step_s, -inf, 0.0
        self._newest: dict[int, tuple[int, float]] = {}
        self._sent: dict[int, int] = {}

    async def beat(self, partitions: dict[int, Partition], now_s: float) -> None:
        """Publish what is due. ``now_s`` is monotonic seconds."""
        self._passed_s += min(now_s - self._beat_s, self._step_s) if self._beat_s > -inf else 0.0
        self._beat_s = now_s
        due = {
            number: self._time(number, partition, self._passed_s)
            for number, partition in partitions.items()
            if partition
        }
        later = {number: at for number, at in due.items() if at > self._sent.get(number, 0)}
        await self._outbox.send([self._outgoing(number, at) for number, at in later.items()])
        self._sent.update(later)

    def _time(self, number: int, partition: Partition, now_s: float) -> int:
        """Stream time of a partition, milliseconds; ``now_s`` is how long the bus was open so far."""
        newest, since_s = self._newest.get(number, (0, now_s))
        if partition.newest != newest:
            newest, since_s = partition.newest, now_s
            self._newest[number] = (newest, since_s)
        return newest + round((now_s - since_s - self._lateness_s) * 1000)

    def _outgoing(self, number: int, at: int) -> OutgoingRecord:
        return OutgoingRecord(self._signals, None, self._codec.encode(SIGNAL, tick_signal(at)), partition=number)
