"""Ticks: stream time as records, so that silence closes windows, and a replay closes the same windows.

A tick follows the newest event of its partition, ``lateness`` behind it. While no event arrives, it advances with the
wall clock. So ticks work for live events and for an old recording. While the broker accepts no tick, or the worker is
paused, no event can arrive: that is not silence, and stream time does not advance.
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
        step_s: the most that stream time advances between two calls, seconds; the rest of a longer pause is ignored.
    """

    def __init__(
        self, topics: Topics, codec: Codec, outbox: AsyncProducer, lateness_s: float, step_s: float = inf
    ) -> None:
        self._signals = topics.name(Name.SIGNALS)
        self._codec, self._outbox, self._lateness_s = codec, outbox, lateness_s
        self._step_s, self._last_beat_s, self._passed_s = step_s, -inf, 0.0
        self._newest: dict[int, tuple[int, float]] = {}
        self._sent: dict[int, int] = {}

    async def publish_due(self, partitions: dict[int, Partition], now_s: float) -> None:
        """Publish the ticks that are due. ``now_s`` is monotonic seconds."""
        self._passed_s += min(now_s - self._last_beat_s, self._step_s) if self._last_beat_s > -inf else 0.0
        self._last_beat_s = now_s
        due = {
            number: self._stream_time(number, partition, self._passed_s)
            for number, partition in partitions.items()
            if partition
        }
        advanced = {number: at for number, at in due.items() if at > self._sent.get(number, 0)}
        await self._outbox.send([self._to_record(number, at) for number, at in advanced.items()])
        self._sent.update(advanced)

    def _stream_time(self, number: int, partition: Partition, now_s: float) -> int:
        """Stream time of a partition, milliseconds; ``now_s`` counts only time in which ticks could be sent."""
        newest, since_s = self._newest.get(number, (0, now_s))
        if partition.newest != newest:
            newest, since_s = partition.newest, now_s
            self._newest[number] = (newest, since_s)
        return newest + round((now_s - since_s - self._lateness_s) * 1000)

    def _to_record(self, number: int, at: int) -> OutgoingRecord:
        return OutgoingRecord(self._signals, None, self._codec.encode(SIGNAL, tick_signal(at)), partition=number)
