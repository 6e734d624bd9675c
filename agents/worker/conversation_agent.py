"""The conversation agent: folds tenor.signals, publishes the outputs, keeps the state.

Each step is acknowledged before the next: outputs of a batch, state changelog (see ``write_behind``), input offset.
After a crash between the first two, the batch is folded again from the older state and the same records are published
under the same ids. After a crash between the last two, the batch is read again and skipped. See docs/decisions.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from agents.common import metrics
from agents.common.clock import now_ms
from agents.kafka.admin.offset_continuity import RequireReached, position_of
from agents.kafka.async_producer import AsyncProducer, OutgoingRecord
from agents.kafka.client import Position
from agents.kafka.record_builder import build_dead_letter, build_record, headers_of
from agents.learning.policies import PolicyStore
from agents.learning.text_models import TextModelStore
from agents.worker.batch_transport import RecordBatch
from agents.worker.table_store import PartitionedStore, changelog_records
from agents.worker.write_behind import WriteBehind
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Name, Topics
from streams.config.model import Config
from streams.conversations.partition import FLOOR, Partition, deadlines_in, model_in_use, policies_in_use, read_floor
from streams.signals.extraction import Signal

SIGNAL = record("signal")


class FoldedBatch(NamedTuple):
    """Outputs of some records, and when the broker received the events behind them, milliseconds."""

    outgoing: list[OutgoingRecord]
    arrivals: list[int | None]


class ConversationAgent:
    """Folds batches of tenor.signals into the conversations of their partition.

    Args:
        behind_s: longest time a folded batch waits for its states to be written, seconds.
    """

    def __init__(
        self,
        config: Config,
        topics: Topics,
        codec: Codec,
        store: PartitionedStore,
        outbox: AsyncProducer,
        models: TextModelStore,
        policies: PolicyStore,
        require_reached: RequireReached,
        behind_s: float,
    ) -> None:
        self._config, self._topics, self._codec = config, topics, codec
        self._store, self._outbox, self._models, self._policies = store, outbox, models, policies
        self._require_reached = require_reached
        self._fetching = asyncio.Lock()
        self._write_behind = WriteBehind(behind_s, self._write)
        self.partitions: dict[int, Partition] = {}

    def drop_partitions(self) -> None:
        """Drop the folds of all partitions at a rebalance; they are opened again from the store."""
        self._write_behind.discard()
        self.partitions.clear()

    async def process(self, batch: RecordBatch) -> None:
        """Fold a batch and publish its outputs; its states are written soon after.

        If the partition was dropped meanwhile, nothing is written: the partition's next owner folds the batch again.
        """
        async with self._write_behind.lock(batch.partition):
            partition = await self._open_partition(batch.partition)
            await self._publish(batch, partition)
            if self.partitions.get(batch.partition) is partition:
                self._write_behind.schedule(batch)
            else:
                batch.ack_event()

    async def _publish(self, batch: RecordBatch, partition: Partition) -> None:
        skipped = partition.skipped
        outgoing, arrivals = await self._fold(batch.records, partition)
        for records in split_outcomes(outgoing, self._topics):
            await self._outbox.send(records)
        self._record_metrics(arrivals, len(batch.records), partition.skipped - skipped)

    async def _fold(self, records: Sequence[Any], partition: Partition) -> FoldedBatch:
        """Fold records in order."""
        outgoing: list[OutgoingRecord] = []
        arrivals = []
        codec = await self._codec.with_schemas_for(message.value for message in records)
        for message in records:  # decoded one by one: all signals of a batch do not fit the CPU cache
            signal = self._decode(message, codec)
            if isinstance(signal, OutgoingRecord):
                outgoing.append(signal)
                continue
            await self._fetch_for_signal(signal)
            outputs = partition.fold(signal, message.offset)
            outgoing += [build_record(output, self._codec, self._topics) for output in outputs]
            for output in outputs:
                if output.record == "decision":
                    metrics.count_draw(output.datum)
            arrivals.append(signal["received_at"])
        return FoldedBatch(outgoing, arrivals)

    async def _write(self, last: RecordBatch) -> None:
        """Write the states that changed up to the end of a batch: changelog, then store."""
        changes = self._store.with_stale_keys(last.partition, self.partition(last.partition).changes())
        await self._outbox.send(changelog_records(self._topics.changelog, last, changes, self._store))
        self._store.write(last.partition, changes, last.last_offset)

    def partition(self, number: int) -> Partition:
        """The fold of one partition, on the recovered store."""
        if number not in self.partitions:
            stored, as_of = self._store.partition(number), self._store.cursor(number).as_of
            known = stored.get, deadlines_in(stored), self._models, self._policies
            self.partitions[number] = Partition(self._config, *known, as_of)
        return self.partitions[number]

    async def _open_partition(self, number: int) -> Partition:
        """The fold of one partition, with the model and policies it was using. ``Failure`` when one cannot be found."""
        if number not in self.partitions:
            load = self._store.partition(number).get
            await asyncio.to_thread(self._require_reached, self._folded_offsets(number))
            await self._fetch(self._models, [version for version in [model_in_use(load)] if version is not None])
            await self._fetch(self._policies, [version for version, _ in policies_in_use(load).values()])
        return self.partition(number)

    async def _fetch_for_signal(self, signal: Signal) -> None:
        """Fetch the text model or policy that a signal puts into use. ``Failure`` when it cannot be found."""
        if signal["kind"] == "model":
            await self._fetch(self._models, [signal["model_version"]])
        elif signal["kind"] == "policy":
            await self._fetch(self._policies, [signal["policy_version"]])

    async def _fetch(self, store: TextModelStore | PolicyStore, versions: list[str]) -> None:
        if versions:
            async with self._fetching:
                await asyncio.to_thread(store.fetch, versions)

    def _folded_offsets(self, number: int) -> dict[Position, int]:
        """Last folded offset of the log and of its source topics, as the state says."""
        floor = read_floor(self._store.partition(number).get(FLOOR))
        sources = {position_of(source): offset for source, offset in floor.items()}
        own = self._topics.name(Name.SIGNALS), number
        return {**sources, own: self._store.cursor(number).highest_as_of}

    def _decode(self, message: Any, codec: Codec) -> Signal | OutgoingRecord:
        """The signal, or a dead letter for a record that is none."""
        try:
            return codec.decode(SIGNAL, message.value, headers_of(message))
        except Rejected as refusal:
            return build_dead_letter(message, refusal, "conversations")

    def _record_metrics(self, arrivals: list[int | None], received: int, skipped: int) -> None:
        now = now_ms()
        for arrived_at in arrivals:
            if arrived_at is not None:
                metrics.EVENT_DELAY.observe((now - arrived_at) / 1000)
        metrics.SIGNALS_SKIPPED.inc(skipped)
        metrics.SIGNALS_FOLDED.inc(received - skipped)
        metrics.CONVERSATIONS.set(sum(map(len, self.partitions.values())))


def split_outcomes(outgoing: list[OutgoingRecord], topics: Topics) -> tuple[list[OutgoingRecord], list[OutgoingRecord]]:
    """All other records, then outcomes: topics have no common order, and readers of an outcome look up its decision."""
    outcomes = topics.name(Name.OUTCOMES)
    others = [record for record in outgoing if record.topic != outcomes]
    return others, [record for record in outgoing if record.topic == outcomes]
