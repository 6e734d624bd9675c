"""The sink's intake: batches of records, offsets committed by hand, and membership kept while nothing is taken."""

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

CHUNK = 1000
BATCH_BYTES = 64 * 1024 * 1024  # dead letters can be large: a batch ends here even if it has few rows
BEAT_S = 0.1
LAG_EVERY_S = 1.0
# Small records take several times their bytes once they are unpacked, so less is read ahead than librdkafka would.
PREFETCH = {
    "queued.min.messages": 50_000,
    "queued.max.messages.kbytes": MAX_MESSAGE_BYTES // 1024,
    "fetch.max.bytes": MAX_MESSAGE_BYTES,
}

PATIENCE_S, AGAIN_S = 120.0, 0.5


class ConsumedBatch(NamedTuple):
    """A batch as librdkafka holds it, what is not asked of a record never copied, and where it ends."""

    messages: list[Message]
    ends: list[TopicPartition]


class SinkConsumer:
    """Reads the topics as a member of the sink's group.

    Args:
        settings: of this deployment.
        topics: full names.
        on_ready: told whether this member has its partitions.
    """

    def __init__(self, settings: Settings, topics: Sequence[str], on_ready: Callable[[bool], None]) -> None:
        self._rows, self._wait_s = settings.sink_rows, settings.sink_wait_s
        self._on_ready = on_ready
        self._paused = False
        self._lag_counted_at = 0.0
        self._held: list[Message] = []
        self._told: list[tuple[Position, int]] = []
        self._consumer = Consumer(idle_consumer_config(settings, settings.topics.sink_group) | PREFETCH)
        self._consumer.subscribe(list(topics), on_assign=self._assigned, on_revoke=self._revoked)

    def take(self, stop: threading.Event) -> ConsumedBatch:
        """Up to ``sink_rows`` records, after at most ``sink_wait_s``; none when there are none.

        Ends without records are to be committed like any: a partition ends behind what was taken before.
        """
        self._resume()
        batch, self._held = self._held, []
        size, deadline = 0, time.monotonic() + self._wait_s
        while len(batch) < self._rows and size < BATCH_BYTES and not stop.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            chunk = self._consume(min(CHUNK, self._rows - len(batch)), left)
            size += sum(map(len, chunk))
            batch += chunk
        ends = self._ends()
        self._count_lag(ends)
        told, self._told = self._told, [((one.topic, one.partition), one.offset) for one in ends]
        return ConsumedBatch(batch, ends if batch or told != self._told else [])

    def stay_alive(self, seconds: float, stop: threading.Event) -> None:
        """Take nothing for a while, yet answer the group: a rebalance goes on without us otherwise."""
        self._pause()
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not stop.is_set():
            # What was on its way when the partitions were paused is kept for the next batch.
            self._held += self._consume(CHUNK, min(left, BEAT_S))

    def commit(self, ends: Sequence[TopicPartition]) -> None:
        """Commit what a batch ends at, where the partitions are still ours; returns when the broker has it."""
        ours = {(tp.topic, tp.partition) for tp in self._consumer.assignment()}
        offsets = [end for end in ends if (end.topic, end.partition) in ours]
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
            wait=tenacity.wait_fixed(AGAIN_S),
            stop=tenacity.stop_after_delay(PATIENCE_S),
        )

    def _consume(self, count: int, timeout_s: float) -> list[Message]:
        messages = self._consumer.consume(count, timeout_s)
        for message in messages:
            require_no_error(message)
        return messages

    def _ends(self) -> list[TopicPartition]:
        """Where we have read to; of a partition we have read nothing of, librdkafka does not know.

        That may lie behind the last record, where a transaction leaves a marker that nobody is given.
        """
        return [tp for tp in self._consumer.position(self._consumer.assignment()) if tp.offset >= 0]

    def _count_lag(self, ends: Sequence[TopicPartition]) -> None:
        """Tell how far each topic is behind, now and then, as far as the last fetches say where it ends."""
        if time.monotonic() - self._lag_counted_at < LAG_EVERY_S:
            return
        self._lag_counted_at = time.monotonic()
        behind: Counter[str] = Counter()
        for one in ends:
            _, end = self._consumer.get_watermark_offsets(one, cached=True)
            behind[one.topic] += max(0, end - one.offset)
        metrics.show_lag(behind)

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
