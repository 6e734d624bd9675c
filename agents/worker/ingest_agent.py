"""The ingest agent: from an input topic to tenor.signals. Decode, validate, extract the signal, drop the text.

One agent per input topic. Refused records go to the topic's dead letter queue, sent together with the signals of the
batch: an event is in one or the other before its offset is committed.

A conversation above its rate limit (``streams.conversations.rate_limit``) is cut back to it. After a restart or
rebalance its token bucket is full: uncommitted records are read again, and of a conversation over its limit some events
that are dead letters already may be accepted. Each still counts once, since the fold knows its offset; only replaying
such a dead letter makes it count twice. That is too little to keep token buckets across processes.
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
DEFAULT_RATE = Rate()


class IngestAgent:
    """Turns batches of one input topic into signals.

    Args:
        name: the input topic: messages, keystrokes, navigation or prosody.
        clock: this worker's time, milliseconds; an event_time far from it is refused.
        rate: rate limit of a conversation.
    """

    def __init__(
        self,
        name: Name,
        topics: Topics,
        codec: Codec,
        limits: Limits,
        outbox: AsyncProducer,
        clock: Callable[[], int] = now_ms,
        rate: Rate = DEFAULT_RATE,
    ) -> None:
        self._kind = RECORD_OF[name]
        self._record = record(self._kind)
        self._signals = topics.name(Name.SIGNALS)
        self._codec, self._limits, self._outbox, self._clock = codec, limits, outbox, clock
        self._rate, self._last_offsets = rate, defaultdict[int, int](lambda: -1)
        self._rate_limits = defaultdict[int, RateLimit](lambda: RateLimit(rate))

    async def process(self, batch: RecordBatch) -> None:
        """Turn every record into a signal or a dead letter; the batch is done once the broker acknowledged them."""
        self._reset_limits_if_reread(batch)
        await self._outbox.send(await self._convert(batch.records))
        metrics.EVENTS_IN.labels(batch.topic).inc(len(batch.records))
        batch.mark_done()

    async def _convert(self, records: Sequence[Any]) -> list[OutgoingRecord]:
        """A signal or dead letter for each record, in order."""
        codec = await self._codec.with_schemas_for(message.value for message in records)
        return [self._convert_record(message, codec) for message in records]

    def _convert_record(self, message: Any, codec: Codec) -> OutgoingRecord:
        try:
            event = self._validate(message, codec)
        except Rejected as refusal:
            return build_dead_letter(message, refusal, "ingest")
        source = (message.topic, message.partition, message.offset)
        signal = extract_signal(self._kind, event, source, message.timestamp)
        return OutgoingRecord(self._signals, event["conversation_id"].encode(), self._codec.encode(SIGNAL, signal))

    def _validate(self, message: Any, codec: Codec) -> dict[str, Any]:
        check_size(message.value, self._limits)
        event = codec.decode(self._record, message.value, headers_of(message))
        check(self._kind, event, self._clock(), self._limits)
        if not self._rate_limits[message.partition].admits(event["conversation_id"], message.timestamp):
            limit = f"{self._rate.per_s:g} a second and {self._rate.burst} at once"
            raise Rejected(Reason.RATE_LIMITED, f"its conversation brings more events than {limit}")
        return event

    def _reset_limits_if_reread(self, batch: RecordBatch) -> None:
        """Records read again have taken their tokens already: start with full buckets, as a new process does."""
        if batch.records[0].offset <= self._last_offsets[batch.partition]:
            self._rate_limits.pop(batch.partition, None)
        self._last_offsets[batch.partition] = batch.last_offset
