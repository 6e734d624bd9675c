"""The batch transport: one Faust message per partition and fetch, carrying the whole run of records.

Faust pays its price per message (70 µs, 175 µs with a table write); a run of hundreds pays it once. Assignment,
tables, changelogs, rebalance and recovery stay Faust's. Two things are ours:

* **Commits.** Faust acks a message when the agent's loop moves on, even after an exception, and reads gaps in
  offsets as messages still to come. Here a run is committed when the agent has marked it ``done`` and every run
  delivered before it is done, and by no other rule; gaps do not matter, the end of the run does.
* **Fetch wait.** Faust fixes it at 1,500 ms; ours is a setting.
"""

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord
from faust import Schema
from faust.transport.drivers import aiokafka
from faust.types import TP, ConsumerMessage


@dataclass(slots=True)
class Run:
    """Consecutive records of one partition.

    Attributes:
        topic: topic name.
        partition: partition of all of them.
        records: in the order of the log, at least one.
        done: set by the agent once everything that follows from them is acknowledged.
    """

    topic: str
    partition: int
    records: list[ConsumerRecord]
    done: bool = False

    @property
    def last_offset(self) -> int:
        return int(self.records[-1].offset)


class Ledger:
    """Runs delivered from one partition and not yet committed, in order."""

    def __init__(self) -> None:
        self._runs: deque[Run] = deque()

    def delivered(self, run: Run) -> None:
        self._runs.append(run)

    def committable(self) -> int | None:
        """Offset to commit: after the last run that is done with none undone before it; None for nothing new."""
        offset = None
        while self._runs and self._runs[0].done:
            offset = self._runs.popleft().last_offset + 1
        return offset


class RunSchema(Schema[None, Run]):
    """Hands a run to the stream as it is: decoding belongs to the agents, where a bad record can be refused."""

    def loads_key(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return None

    def loads_value(self, app: Any, message: Any, **kwargs: Any) -> Any:
        return message.value


class RunConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """Faust's consumer thread with a fetch wait of our choosing."""

    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = transport.fetch_wait_ms  # read when the consumer starts
        return consumer


class RunConsumer(aiokafka.Consumer):
    """Faust's consumer, delivering runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._ledgers: dict[TP, Ledger] = defaultdict(Ledger)

    def _new_consumer_thread(self) -> RunConsumerThread:
        return RunConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Fetch, and yield one message per partition that returned records."""
        fetched, active = await self._wait_next_records(timeout)
        if not fetched or self.should_stop:
            return
        if not self.flow_active:  # a rebalance began while the fetch was under way: read again from the commit
            await self.perform_seek()
            return
        generation = self.app.consumer_generation_id
        for partition, records in fetched.items():
            if not self.flow_active or generation != self.app.consumer_generation_id:
                return  # the rebalance ends in perform_seek, which reads the rest again
            tp = TP(partition.topic, partition.partition)
            if records and (active is None or tp in active or tp in self._buffered_partitions):
                yield tp, self._deliver(tp, records)

    def _deliver(self, tp: TP, records: list[ConsumerRecord]) -> ConsumerMessage:
        run = Run(tp.topic, tp.partition, records)
        self._ledgers[tp].delivered(run)
        message = self._to_message(tp, records[-1])
        message.key, message.headers = None, None
        message.value = run  # type: ignore[assignment]  # RunSchema hands it on as it is
        return message

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
        self._ledgers.clear()
        await super().perform_seek()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        await super().on_partitions_revoked(revoked)  # commits what is done
        for tp in revoked:
            self._ledgers.pop(tp, None)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """End offsets that table recovery reads up to."""
        correct = self.transport.end_offsets  # type: ignore[attr-defined]
        if correct is None:
            return await super().highwaters(*partitions)
        found = await correct([(tp.topic, tp.partition) for tp in partitions])
        return {tp: found[tp.topic, tp.partition] for tp in partitions}

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's stall warnings are replaced by /healthz."""


class Transport(aiokafka.Transport):
    """Faust transport delivering runs. ``app.transport = Transport(app.conf.broker_consumer, app)``."""

    Consumer = RunConsumer
    fetch_wait_ms: int = 30
    #: Coroutine function giving true end offsets where the broker's own answer is wrong; None where it is right.
    end_offsets: Any = None


