"""The batch transport: one Faust message per partition and fetch, carrying the whole run of records.

Faust pays its price per message (70 µs, 175 µs with a table write); a run of hundreds pays it once. Assignment,
tables, changelogs, rebalance and recovery stay Faust's. Three things are ours:

* **Commits.** Faust acks a message when the agent's loop moves on, even after an exception, and reads gaps in
  offsets as messages still to come. Here a run is committed when the agent has finished it and every run
  delivered before it is done, and by no other rule; gaps do not matter, the end of the run does.
* **The gate.** When recovery ends, Faust resumes the partitions, seeks to the committed offsets (where there are
  any), and then empties every stream's queue. What is fetched between the first and the last of these is lost
  until the next rebalance, so only changelogs are fetched until all three are done.
* **Fetches.** Faust fixes the wait at 1,500 ms, ends it with the first record, and reads events that a transaction
  rolled back; ours waits a moment for more, as the settings say, and reads committed events only.
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

# How often a closed gate looks whether it may open.
GATE_S = 0.05
# Partitions whose runs wait for the agent are not fetched. Faust would wait a second for a record of the others, though
# the agent is through long before.
HELD_BACK_S = 0.01
LAG_EVERY_S = 1.0


@dataclass(slots=True)
class RecordBatch:
    """Consecutive records of one partition.

    Attributes:
        topic: topic name.
        partition: partition of all of them.
        records: in the order of the log, at least one.
        done: whether everything that follows from them is acknowledged.
        event: Faust's, which a rebalance waits for; None where Faust did not deliver the run.
    """

    topic: str
    partition: int
    records: list[ConsumerRecord]
    done: bool = False
    event: Any = None

    def finish(self) -> None:
        """Everything that follows is acknowledged: the run may be committed."""
        self.done = True
        self.release()

    def release(self) -> None:
        """Nobody need wait for this run: it is finished, or somebody else begins before it."""
        if self.event is not None:
            self.event.ack()
            self.event = None  # which holds this run

    @property
    def last_offset(self) -> int:
        return int(self.records[-1].offset)


class BatchLedger:
    """Runs delivered from one partition and not yet committed, in order."""

    def __init__(self) -> None:
        self._runs: deque[RecordBatch] = deque()
        self._delivered_to = -1
        self._passed = -1

    def fresh(self, records: list[ConsumerRecord]) -> list[ConsumerRecord]:
        """The records not delivered yet: a fetch that crossed a seek may bring some a second time."""
        if records[0].offset > self._delivered_to:
            return records
        return [record for record in records if record.offset > self._delivered_to]

    def delivered(self, run: RecordBatch) -> None:
        self._runs.append(run)
        self._delivered_to = run.last_offset

    def passed(self, position: int) -> None:
        """The consumer stands at ``position`` and everything before it was delivered, or is no record: a marker."""
        self._passed = position

    def unfinished_from(self, position: int) -> int:
        """Offset of the first record delivered and not finished; ``position``, the consumer's, where all are."""
        return next((run.records[0].offset for run in self._runs if not run.done), position)

    def committable(self) -> int | None:
        """Offset to commit: after the last run that is done with none undone before it; None for nothing new.

        Where none is left, what the consumer has passed: the marker of a transaction may stand behind the last record.
        """
        offset = None
        while self._runs and self._runs[0].done:
            offset = self._runs.popleft().last_offset + 1
        if not self._runs and self._passed > self._delivered_to + 1:
            offset, self._passed = self._passed, -1
        return offset


class RawBatchSchema(Schema[None, RecordBatch]):
    """Hands a run to the stream as it is: decoding belongs to the agents, where a bad record can be refused."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return None

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return message.value


class BatchConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """Faust's consumer thread with fetches of our choosing."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = transport.fetch_wait_ms  # all three are read when the consumer starts
        consumer._fetch_min_bytes = transport.fetch_bytes
        consumer._isolation_level = transport.isolation_level
        return consumer


class BatchConsumer(aiokafka.Consumer):
    """Faust's consumer, delivering runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ledgers: dict[TP, BatchLedger] = defaultdict(BatchLedger)
        self._sought = False
        self._open = False
        self._all_delivered = False
        self._lag_counted_at = 0.0

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Fetch, and yield one message per partition that returned records."""
        if self._open or not self.assignment():
            self.transport.beat()  # type: ignore[attr-defined]
        self._note_positions()
        fetched, _ = await self._wait_next_records(HELD_BACK_S if self._buffered_partitions else timeout)
        generation = self.app.consumer_generation_id
        self._all_delivered = False
        for partition, records in (fetched or {}).items():
            if self.should_stop or not self.flow_active or generation != self.app.consumer_generation_id:
                return  # a rebalance has begun: it ends in perform_seek, which reads all this again
            tp = TP(partition.topic, partition.partition)
            for message in self._delivered(tp, records):
                yield tp, message
        self._all_delivered = True

    def _note_positions(self) -> None:
        """Note where the consumer stands. Before a fetch, not after: all that was fetched is delivered by then."""
        thread: Any = self._thread
        assigned = thread and thread._consumer and thread._consumer._subscription.subscription.assignment
        if not (assigned and self._open and self._all_delivered):
            return
        for partition in assigned.tps:
            tp, state = TP(partition.topic, partition.partition), assigned.state_value(partition)
            if state.has_valid_position and not self._is_changelog_tp(tp):
                self._ledgers[tp].passed(state.position)
        if time.monotonic() - self._lag_counted_at > LAG_EVERY_S:
            self._lag_counted_at = time.monotonic()
            self._count_lag(assigned)

    def _count_lag(self, assigned: Any) -> None:
        """Tell how far each topic is behind, as far as the last fetches say where it ends."""
        behind: Counter[str] = Counter()
        for partition in assigned.tps:
            tp, state = TP(partition.topic, partition.partition), assigned.state_value(partition)
            if state.has_valid_position and state.highwater is not None and not self._is_changelog_tp(tp):
                behind[tp.topic] += max(0, state.highwater - self._ledgers[tp].unfinished_from(state.position))
        metrics.show_lag(behind)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        if self._open or active_partitions is None:
            return await super()._getmany(active_partitions, timeout)
        changelogs = {tp for tp in active_partitions if self._is_changelog_tp(tp)}
        if changelogs:
            return await super()._getmany(changelogs, timeout)
        await self.sleep(GATE_S)
        return {}

    def _delivered(self, tp: TP, records: list[ConsumerRecord]) -> Iterator[ConsumerMessage]:
        fresh = self._ledgers[tp].fresh(records)
        if fresh:
            run = RecordBatch(tp.topic, tp.partition, fresh)
            self._ledgers[tp].delivered(run)
            message = self._to_message(tp, fresh[-1])
            message.key, message.headers = None, None
            message.value = run  # type: ignore[assignment]  # RunSchema hands it on as it is
            yield message

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps need no bookkeeping: a run commits its end, whatever is missing inside or before it."""

    def _new_offset(self, tp: TP) -> int | None:
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return self._ledgers[tp].committable()

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterable[TP]:  # type: ignore[override]
        return [tp for tp in list(self._ledgers) if topics is None or tp in topics or tp.topic in topics]

    async def perform_seek(self) -> None:
        """Begin again at the committed offsets: what was delivered and not committed is delivered again."""
        await super().perform_seek()
        self._all_delivered = False
        self._ledgers.clear()
        self._sought = True

    def resume_flow(self) -> None:
        super().resume_flow()
        self._open = self._sought

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        self._sought = self._open = False
        await super().on_partitions_revoked(revoked)  # commits what is done
        for tp in revoked:
            self._ledgers.pop(tp, None)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._sought = self._open = False
        await super().on_partitions_assigned(assigned, generation_id)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """End offsets that table recovery reads up to."""
        correct = self.transport.end_offsets  # type: ignore[attr-defined]
        if correct is None:
            return await super().highwaters(*partitions)
        found = await correct([(tp.topic, tp.partition) for tp in partitions])
        return {tp: found[tp.topic, tp.partition] for tp in partitions}

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's stall warnings are replaced by /healthz."""


class BatchTransport(aiokafka.Transport):
    """Faust transport delivering runs. ``app.transport = Transport(app.conf.broker_consumer, app)``."""

    Consumer = BatchConsumer
    fetch_wait_ms: int = 30
    #: A fetch costs a millisecond of processor time, whatever it brings: not one for each record.
    fetch_bytes: int = 32_768
    #: What a producer rolled back did not happen.
    isolation_level: str = "read_committed"
    #: Coroutine function giving true end offsets where the broker's own answer is wrong; None where it is right.
    end_offsets: Any = None
    #: Told of every fetch of input. Not while a rebalance or the gate holds them up: who waits too long is stuck.
    beat: Callable[[], None] = staticmethod(lambda: None)
