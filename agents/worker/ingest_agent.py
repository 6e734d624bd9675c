"""Ingest: from an input topic to tenor.signals. Decode, validate, read the signal, drop the text.

One agent per input topic. What cannot be accepted goes to the topic's dead letter queue, in the same
acknowledged run as the signals: an event is in one or the other before its offset is committed.

A conversation above its rate (``streams.conversations.rate_limit``) is cut back to it. After a restart or rebalance
its bucket is full: what was not committed is read again, and of a conversation over its limit just then some events
that are dead letters already may be accepted. Each still counts once, for the fold knows its place in the log; only
who sends such a letter back by hand makes it count twice. No bucket outlives a process for that.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from agents.common import metrics
from agents.common.clock import now_ms
from agents.kafka.async_producer import AsyncProducer, OutgoingRecord
from agents.kafka.record_builder import build_dead_letter, headers_of
from agents.worker.batch_transport import RecordBatch
from schemas.codec import Codec
from schemas.errors import Reason, Rejected
from schemas.records import record
from schemas.topics import RECORD_OF, Name, Topics
from schemas.validation import Limits, check, check_size
from streams.conversations.rate_limit import Rate, RateLimit
from streams.signals.extraction import extract_signal

SIGNAL = record("signal")
USUAL = Rate()


class IngestAgent:
    """Turns runs of one input topic into signals.

    Args:
        kind: message, keystrokes, navigation or prosody.
        clock: this worker's time, milliseconds; an event_time far from it is refused.
        rate: how much a conversation may bring.
    """

    def __init__(
        self,
        name: Name,
        topics: Topics,
        codec: Codec,
        limits: Limits,
        outbox: AsyncProducer,
        clock: Callable[[], int] = now_ms,
        rate: Rate = USUAL,
    ) -> None:
        self._kind = RECORD_OF[name]
        self._record = record(self._kind)
        self._signals = topics.name(Name.SIGNALS)
        self._codec, self._limits, self._outbox, self._clock = codec, limits, outbox, clock
        self._rate, self._reached = rate, defaultdict[int, int](lambda: -1)
        self._limits_of = defaultdict[int, RateLimit](lambda: RateLimit(rate))

    async def step(self, run: RecordBatch) -> None:
        """One run: every record becomes a signal or a dead letter, acknowledged."""
        self._forget_if_read_again(run)
        await self._outbox.send(await self._read(run.records))
        metrics.EVENTS_IN.labels(run.topic).inc(len(run.records))
        run.finish()

    async def _read(self, records: Sequence[Any]) -> list[OutgoingRecord]:
        """What becomes of each record, in order."""
        codec = await self._codec.with_schemas_for(message.value for message in records)
        return [self._outgoing(message, codec) for message in records]

    def _outgoing(self, message: Any, codec: Codec) -> OutgoingRecord:
        try:
            event = self._accepted(message, codec)
        except Rejected as refusal:
            return build_dead_letter(message, refusal, "ingest")
        source = (message.topic, message.partition, message.offset)
        signal = extract_signal(self._kind, event, source, message.timestamp)
        return OutgoingRecord(self._signals, event["conversation_id"].encode(), self._codec.encode(SIGNAL, signal))

    def _accepted(self, message: Any, codec: Codec) -> dict[str, Any]:
        check_size(message.value, self._limits)
        event = codec.decode(self._record, message.value, headers_of(message))
        check(self._kind, event, self._clock(), self._limits)
        if not self._limits_of[message.partition].admits(event["conversation_id"], message.timestamp):
            most = f"{self._rate.per_s:g} a second and {self._rate.burst} at once"
            raise Rejected(Reason.RATE_LIMITED, f"its conversation brings more events than {most}")
        return event

    def _forget_if_read_again(self, run: RecordBatch) -> None:
        """Records read again took their tokens before: the partition begins anew, as in another process."""
        if run.records[0].offset <= self._reached[run.partition]:
            self._limits_of.pop(run.partition, None)
        self._reached[run.partition] = run.last_offset
