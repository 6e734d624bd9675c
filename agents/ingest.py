"""Ingest: from an input topic to tenor.signals. Decode, validate, read the signal, drop the text.

One agent per input topic. What cannot be accepted goes to the topic's dead letter queue, in the same
acknowledged run as the signals: an event is in one or the other before its offset is committed.
"""

from collections.abc import Callable, Sequence
from typing import Any

from agents import metrics
from agents.clock import now_ms
from agents.outbox import Outbox, Outgoing
from agents.publishing import headers_of, refused
from agents.transport import Run
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import RECORD_OF, Name, Topics
from schemas.validation import Limits, check, check_size
from streams.extraction import signal_of

SIGNAL = record("signal")


class Ingest:
    """Turns runs of one input topic into signals.

    Args:
        kind: message, keystrokes, navigation or prosody.
        clock: this worker's time, milliseconds; an event_time far from it is refused.
    """

    def __init__(
        self,
        name: Name,
        topics: Topics,
        codec: Codec,
        limits: Limits,
        outbox: Outbox,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self._kind = RECORD_OF[name]
        self._record = record(self._kind)
        self._signals = topics.name(Name.SIGNALS)
        self._codec, self._limits, self._outbox, self._clock = codec, limits, outbox, clock

    async def step(self, run: Run) -> None:
        """One run: every record becomes a signal or a dead letter, acknowledged."""
        await self._outbox.send(self._read(run.records))
        metrics.EVENTS_IN.labels(run.topic).inc(len(run.records))
        run.finish()

    def _read(self, records: Sequence[Any]) -> list[Outgoing]:
        """What becomes of each record, in order."""
        return [self._outgoing(message) for message in records]

    def _outgoing(self, message: Any) -> Outgoing:
        try:
            event = self._accepted(message)
        except Rejected as refusal:
            return refused(message, refusal, "ingest")
        source = (message.topic, message.partition, message.offset)
        signal = signal_of(self._kind, event, source, message.timestamp)
        return Outgoing(self._signals, event["conversation_id"].encode(), self._codec.encode(SIGNAL, signal))

    def _accepted(self, message: Any) -> dict[str, Any]:
        check_size(message.value, self._limits)
        event = self._codec.decode(self._record, message.value, headers_of(message))
        check(self._kind, event, self._clock(), self._limits)
        return event
