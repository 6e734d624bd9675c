"""The sink's consumer: polls batches, commits offsets explicitly, and keeps its group membership under backpressure."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog
import tenacity
from confluent_kafka import Consumer, Message, TopicPartition

from agents.common import metrics
from agents.kafka.client import MAX_MESSAGE_BYTES, Position, idle_consumer_config
from agents.kafka.commit import CommitUnavailable, commit, commit_failed
from agents.kafka.consumed_record import require_no_error
from agents.settings.model import Settings

log = structlog.get_logger(__name__)

POLL_RECORDS = 1000
BATCH_BYTES = 64 * 1024 * 1024  # dead letters can be large: a batch ends at this size even with few rows
KEEPALIVE_S = 0.1
LAG_INTERVAL_S = 1.0
# Small records take several times their size in memory, so prefetch less than librdkafka's defaults.
PREFETCH = {
    "queued.min.messages": 50_000,
    "queued.max.messages.kbytes": MAX_MESSAGE_BYTES // 1024,
    "fetch.max.bytes": MAX_MESSAGE_BYTES,
}

COMMIT_PATIENCE_S, COMMIT_RETRY_S = 120.0, 0.5


class ConsumedBatch(NamedTuple):
    """A batch of librdkafka's messages, and the positions to commit once it is inserted."""

    messages: list[Message]
    ends: list[TopicPartition]


class SinkConsumer:
    """Reads the topics as a member of the sink's consumer group.

    Args:
        settings: the deployment's settings.
        topics: full names.
        on_ready: called with whether this member has its partitions.
    """

    def __init__(self, settings: Settings, topics: Sequence[str], on_ready: Callable[[bool], None]) -> None:
        self._rows, self._wait_s = settings.sink_rows, settings.sink_wait_s
        self._on_ready = on_ready
        self._paused = False
        self._lag_counted_at = 0.0
        self._buffered: list[Message] = []
        self._last_ends: list[tuple[Position, int]] = []
        self._consumer = Consumer(idle_consumer_config(settings, settings.topics.sink_group) | PREFETCH)
        self._consumer.subscribe(list(topics), on_assign=self._assigned, on_revoke=self._revoked)

    def poll_batch(self, stop: threading.Event) -> ConsumedBatch:
        """Up to ``sink_rows`` records, after at most ``sink_wait_s``; may be empty.

        An empty batch may still have positions to commit: a transaction marker was passed.
        """
        self._resume()
        batch, self._buffered = self._buffered, []
        size, deadline = 0, time.monotonic() + self._wait_s
        while len(batch) < self._rows and size < BATCH_BYTES and not stop.is_set():
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0:
                break
            chunk = self._consume(min(POLL_RECORDS, self._rows - len(batch)), remaining_s)
            size += sum(map(len, chunk))
            batch += chunk
        ends = self._positions()
        self._report_lag(ends)
        last_ends, self._last_ends = self._last_ends, [((tp.topic, tp.partition), tp.offset) for tp in ends]
        return ConsumedBatch(batch, ends if batch or last_ends != self._last_ends else [])

    def keep_membership(self, seconds: float, stop: threading.Event) -> None:
        """Pause all partitions for some seconds, but keep polling, so that the group keeps this member."""
        self._pause()
        deadline = time.monotonic() + seconds
        while (remaining_s := deadline - time.monotonic()) > 0 and not stop.is_set():
            # Records in flight when the partitions were paused are buffered for the next batch.
            self._buffered += self._consume(POLL_RECORDS, min(remaining_s, KEEPALIVE_S))

    def commit(self, ends: Sequence[TopicPartition]) -> None:
        """Commit the end positions of partitions still assigned to us; returns when the broker has acknowledged."""
        assigned = {(tp.topic, tp.partition) for tp in self._consumer.assignment()}
        offsets = [end for end in ends if (end.topic, end.partition) in assigned]
        if not offsets:
            return
        try:
            self._retrying(commit, self._consumer, offsets)
        except tenacity.RetryError as error:
            raise commit_failed(str(error.last_attempt.exception())) from None

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    @property
    def _retrying(self) -> tenacity.Retrying:
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(CommitUnavailable),
            wait=tenacity.wait_fixed(COMMIT_RETRY_S),
            stop=tenacity.stop_after_delay(COMMIT_PATIENCE_S),
        )

    def _consume(self, count: int, timeout_s: float) -> list[Message]:
        messages = self._consumer.consume(count, timeout_s)
        for message in messages:
            require_no_error(message)
        return messages

    def _positions(self) -> list[TopicPartition]:
        """The consumer's positions; librdkafka knows none of a partition of which nothing was read.

        A position may be past the last record, since transaction markers take offsets but are not delivered.
        """
        return [tp for tp in self._consumer.position(self._consumer.assignment()) if tp.offset >= 0]

    def _report_lag(self, ends: Sequence[TopicPartition]) -> None:
        """Report the consumer lag of each topic now and then, by the high watermarks of the last fetches."""
        if time.monotonic() - self._lag_counted_at < LAG_INTERVAL_S:
            return
        self._lag_counted_at = time.monotonic()
        lag: Counter[str] = Counter()
        for tp in ends:
            _, end = self._consumer.get_watermark_offsets(tp, cached=True)
            lag[tp.topic] += max(0, end - tp.offset)
        metrics.show_lag(lag)

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._consumer.pause(self._consumer.assignment())

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._consumer.resume(self._consumer.assignment())

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.assign(partitions)
        if self._paused:
            consumer.pause(partitions)
        self._on_ready(True)

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._on_ready(False)
