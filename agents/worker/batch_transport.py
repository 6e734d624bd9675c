"""The batch transport: one Faust message per partition and fetch, carrying the whole batch of records.

Faust has a cost per message (70 µs, 175 µs with a table write); a batch of hundreds pays it once. Assignment,
tables, changelogs, rebalance and recovery stay Faust's. Three things differ:

* **Commits.** Faust acks a message when the agent's loop moves on, even after an exception, and takes gaps in
  offsets for messages still to come. Here a batch is committed once it and every batch delivered before it are
  done, and by no other rule. Gaps do not matter; the end of the batch does.
* **The gate.** When recovery ends, Faust resumes the partitions, seeks to the committed offsets (where there are
  any), and then empties every stream's queue. Records fetched between the first and the last of these steps would be
  lost until the next rebalance, so only changelogs are fetched until all three are done.
* **Fetches.** Faust waits at most 1,500 ms, returns with the first record, and reads records of aborted
  transactions. Here the settings say how long a fetch waits for more, and only committed records are read.
"""

import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord
from faust import Schema
from faust.transport.drivers import aiokafka
from faust.types import TP, ConsumerMessage

from agents.common import metrics

# How often a closed gate checks whether it may open.
GATE_POLL_S = 0.05
# Partitions with a batch waiting for the agent are not fetched (backpressure). Faust would wait a second for records of
# the other partitions, though the agent is ready long before.
HELD_BACK_TIMEOUT_S = 0.01
LAG_INTERVAL_S = 1.0


@dataclass(slots=True)
class RecordBatch:
    """Consecutive records of one partition.

    Attributes:
        topic: topic name.
        partition: partition of all records.
        records: in offset order, at least one.
        done: whether all outputs of the records are acknowledged.
        event: the Faust event that a rebalance waits for; None where Faust did not deliver the batch.
    """

    topic: str
    partition: int
    records: list[ConsumerRecord]
    done: bool = False
    event: Any = None

    def mark_done(self) -> None:
        """All outputs are acknowledged: the batch may be committed."""
        self.done = True
        self.ack_event()

    def ack_event(self) -> None:
        """Let a rebalance stop waiting for this batch: it is done, or the partition's next owner reads it again."""
        if self.event is not None:
            self.event.ack()
            self.event = None  # the event holds this batch

    @property
    def last_offset(self) -> int:
        return int(self.records[-1].offset)


class BatchLedger:
    """Batches delivered from one partition and not yet committed, in offset order."""

    def __init__(self) -> None:
        self._batches: deque[RecordBatch] = deque()
        self._delivered_to = -1
        self._passed = -1

    def drop_delivered(self, records: list[ConsumerRecord]) -> list[ConsumerRecord]:
        """The records not delivered yet: a fetch that crossed a seek may return some again."""
        if records[0].offset > self._delivered_to:
            return records
        return [record for record in records if record.offset > self._delivered_to]

    def add(self, batch: RecordBatch) -> None:
        self._batches.append(batch)
        self._delivered_to = batch.last_offset

    def note_position(self, position: int) -> None:
        """The consumer is at ``position``; everything before it was delivered or is a transaction marker."""
        self._passed = position

    def first_undone_offset(self, position: int) -> int:
        """Offset of the first record that is delivered but not done; the consumer's ``position`` where all are done."""
        return next((batch.records[0].offset for batch in self._batches if not batch.done), position)

    def pop_committable(self) -> int | None:
        """Offset to commit, after the last batch with all batches up to it done; None for nothing new.

        Where no batch is left, the consumer's position: a transaction marker may follow the last record.
        """
        offset = None
        while self._batches and self._batches[0].done:
            offset = self._batches.popleft().last_offset + 1
        if not self._batches and self._passed > self._delivered_to + 1:
            offset, self._passed = self._passed, -1
        return offset


class RawBatchSchema(Schema[None, RecordBatch]):
    """Passes a batch to the stream undecoded: the agents decode, so that they can refuse a bad record."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return None

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return message.value


class BatchConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """Faust's consumer thread with our fetch settings."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = transport.fetch_wait_ms  # all three are read when the consumer starts
        consumer._fetch_min_bytes = transport.fetch_bytes
        consumer._isolation_level = transport.isolation_level
        return consumer


class BatchConsumer(aiokafka.Consumer):
    """Faust's consumer, delivering batches."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ledgers: dict[TP, BatchLedger] = defaultdict(BatchLedger)
        self._seek_done = False
        self._gate_open = False
        self._all_delivered = False
        self._lag_counted_at = 0.0

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Fetch, and yield one message per partition that returned records."""
        if self._gate_open or not self.assignment():
            self.transport.on_fetch()  # type: ignore[attr-defined]
        self._note_positions()
        fetched, _ = await self._wait_next_records(HELD_BACK_TIMEOUT_S if self._buffered_partitions else timeout)
        generation = self.app.consumer_generation_id
        self._all_delivered = False
        for partition, records in (fetched or {}).items():
            if self.should_stop or not self.flow_active or generation != self.app.consumer_generation_id:
                return  # a rebalance has begun: it ends in perform_seek, after which these records are read again
            tp = TP(partition.topic, partition.partition)
            for message in self._to_batch_message(tp, records):
                yield tp, message
        self._all_delivered = True

    def _note_positions(self) -> None:
        """Note the consumer's positions. Before a fetch, not after: all fetched records are delivered by then."""
        thread: Any = self._thread
        assigned = thread and thread._consumer and thread._consumer._subscription.subscription.assignment
        if not (assigned and self._gate_open and self._all_delivered):
            return
        for partition in assigned.tps:
            tp, state = TP(partition.topic, partition.partition), assigned.state_value(partition)
            if state.has_valid_position and not self._is_changelog_tp(tp):
                self._ledgers[tp].note_position(state.position)
        if time.monotonic() - self._lag_counted_at > LAG_INTERVAL_S:
            self._lag_counted_at = time.monotonic()
            self._report_lag(assigned)

    def _report_lag(self, assigned: Any) -> None:
        """Report the consumer lag of each topic, by the high watermarks of the last fetches."""
        lag: Counter[str] = Counter()
        for partition in assigned.tps:
            tp, state = TP(partition.topic, partition.partition), assigned.state_value(partition)
            if state.has_valid_position and state.highwater is not None and not self._is_changelog_tp(tp):
                lag[tp.topic] += max(0, state.highwater - self._ledgers[tp].first_undone_offset(state.position))
        metrics.show_lag(lag)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        if self._gate_open or active_partitions is None:
            return await super()._getmany(active_partitions, timeout)
        changelogs = {tp for tp in active_partitions if self._is_changelog_tp(tp)}
        if changelogs:
            return await super()._getmany(changelogs, timeout)
        await self.sleep(GATE_POLL_S)
        return {}

    def _to_batch_message(self, tp: TP, records: list[ConsumerRecord]) -> Iterator[ConsumerMessage]:
        fresh = self._ledgers[tp].drop_delivered(records)
        if fresh:
            batch = RecordBatch(tp.topic, tp.partition, fresh)
            self._ledgers[tp].add(batch)
            message = self._to_message(tp, fresh[-1])
            message.key, message.headers = None, None
            message.value = batch  # type: ignore[assignment]  # RawBatchSchema passes it on unchanged
            yield message

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps need no bookkeeping: a batch commits its end, whatever is missing inside or before it."""

    def _new_offset(self, tp: TP) -> int | None:
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return self._ledgers[tp].pop_committable()

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterable[TP]:  # type: ignore[override]
        return [tp for tp in list(self._ledgers) if topics is None or tp in topics or tp.topic in topics]

    async def perform_seek(self) -> None:
        """Seek to the committed offsets: records delivered but not committed are delivered again."""
        await super().perform_seek()
        self._all_delivered = False
        self._ledgers.clear()
        self._seek_done = True

    def resume_flow(self) -> None:
        super().resume_flow()
        self._gate_open = self._seek_done

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self._seek_done = self._gate_open = False
        await super().on_partitions_revoked(revoked)  # commits the batches that are done
        for tp in revoked:
            self._ledgers.pop(tp, None)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._seek_done = self._gate_open = False
        await super().on_partitions_assigned(assigned, generation_id)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """End offsets that table recovery reads up to."""
        read_end_offsets = self.transport.end_offsets  # type: ignore[attr-defined]
        if read_end_offsets is None:
            return await super().highwaters(*partitions)
        ends = await read_end_offsets([(tp.topic, tp.partition) for tp in partitions])
        return {tp: ends[tp.topic, tp.partition] for tp in partitions}

    def verify_event_path(self, now: float, tp: TP) -> None:
        """/healthz replaces Faust's stall warnings."""


class BatchTransport(aiokafka.Transport):
    """Faust transport delivering batches: ``app.transport = BatchTransport(app.conf.broker_consumer, app)``."""

    Consumer = BatchConsumer
    fetch_wait_ms: int = 30
    #: A fetch costs a millisecond of CPU, whatever it returns: fetch many records at once.
    fetch_bytes: int = 32_768
    #: Skip records of aborted transactions.
    isolation_level: str = "read_committed"
    #: Coroutine function that returns the end offsets where the broker's own answer is wrong; None where it is right.
    end_offsets: Any = None
    #: Called before every fetch of input, but not while a rebalance or the gate holds fetches up: too long is a stall.
    on_fetch: Callable[[], None] = staticmethod(lambda: None)
