"""Conversations: folds tenor.signals, publishes what follows, keeps the state.

Order, each step acknowledged before the next: outputs of a run, state changelog (see ``write_behind``), input offset.
A crash after the first folds the run again from the older state and publishes the same records under the same ids; a
crash after the second reads it again and skips it. See docs/decisions.
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
from agents.worker.table_store import PartitionedStore, changelog
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
    """What follows from some records, and when the events behind them arrived at the broker, milliseconds."""

    outgoing: list[OutgoingRecord]
    arrivals: list[int | None]


class ConversationAgent:
    """Folds runs of tenor.signals into the conversations of their partition.

    Args:
        behind_s: longest time a folded run waits for its states to be written, seconds.
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
        self._behind = WriteBehind(behind_s, self._write)
        self.partitions: dict[int, Partition] = {}

    def forget(self) -> None:
        """A rebalance: what is known of the partitions is read from the store again."""
        self._behind.forget()
        self.partitions.clear()

    async def step(self, run: RecordBatch) -> None:
        """Fold a run and publish what follows; its states are written soon after.

        Not where the partition was forgotten meanwhile: what the run changed is gone, and whoever begins before it
        folds it again.
        """
        async with self._behind.turn(run.partition):
            partition = await self._opened(run.partition)
            await self._publish(run, partition)
            if self.partitions.get(run.partition) is partition:
                self._behind.folded(run)
            else:
                run.release()

    async def _publish(self, run: RecordBatch, partition: Partition) -> None:
        skipped = partition.skipped
        outgoing, arrivals = await self._fold(run.records, partition)
        for wave in waves(outgoing, self._topics):
            await self._outbox.send(wave)
        self._count(arrivals, len(run.records), partition.skipped - skipped)

    async def _fold(self, records: Sequence[Any], partition: Partition) -> FoldedBatch:
        """What follows from records, folded in order."""
        outgoing: list[OutgoingRecord] = []
        arrivals = []
        codec = await self._codec.with_schemas_for(message.value for message in records)
        for message in records:  # decoded one by one: a run's signals at once do not fit a processor's cache
            signal = self._decoded(message, codec)
            if isinstance(signal, OutgoingRecord):
                outgoing.append(signal)
                continue
            await self._have_at_hand(signal)
            outputs = partition.fold(signal, message.offset)
            outgoing += [build_record(output, self._codec, self._topics) for output in outputs]
            for output in outputs:
                if output.record == "decision":
                    metrics.count_draw(output.datum)
            arrivals.append(signal["received_at"])
        return FoldedBatch(outgoing, arrivals)

    async def _write(self, last: RecordBatch) -> None:
        """Write what has changed up to the end of a run."""
        changes = self._store.healed(last.partition, self.partition(last.partition).changes())
        await self._outbox.send(changelog(self._topics.changelog, last, changes, self._store))
        self._store.write(last.partition, changes, last.last_offset)

    def partition(self, number: int) -> Partition:
        """The fold of one partition, from the recovered store."""
        if number not in self.partitions:
            stored, as_of = self._store.partition(number), self._store.reading(number).as_of
            known = stored.get, deadlines_in(stored), self._models, self._policies
            self.partitions[number] = Partition(self._config, *known, as_of)
        return self.partitions[number]

    async def _opened(self, number: int) -> Partition:
        """The fold of one partition, once what it was using is at hand. ``Failure`` when that is nowhere."""
        if number not in self.partitions:
            load = self._store.partition(number).get
            await asyncio.to_thread(self._require_reached, self._reached(number))
            await self._fetch(self._models, [version for version in [model_in_use(load)] if version is not None])
            await self._fetch(self._policies, [version for version, _ in policies_in_use(load).values()])
        return self.partition(number)

    async def _have_at_hand(self, signal: Signal) -> None:
        """Fetch the text model or policy that a signal puts to use. ``Failure`` when it is nowhere."""
        if signal["kind"] == "model":
            await self._fetch(self._models, [signal["model_version"]])
        elif signal["kind"] == "policy":
            await self._fetch(self._policies, [signal["policy_version"]])

    async def _fetch(self, known: TextModelStore | PolicyStore, versions: list[str]) -> None:
        if versions:
            async with self._fetching:
                await asyncio.to_thread(known.fetch, versions)

    def _reached(self, number: int) -> dict[Position, int]:
        """Up to where the log and its sources were folded, as far as the state tells."""
        floor = read_floor(self._store.partition(number).get(FLOOR))
        sources = {position_of(source): offset for source, offset in floor.items()}
        own = self._topics.name(Name.SIGNALS), number
        return {**sources, own: self._store.reading(number).reached}

    def _decoded(self, message: Any, codec: Codec) -> Signal | OutgoingRecord:
        """The signal, or the dead letter of what is none."""
        try:
            return codec.decode(SIGNAL, message.value, headers_of(message))
        except Rejected as refusal:
            return build_dead_letter(message, refusal, "conversations")

    def _count(self, arrivals: list[int | None], received: int, skipped: int) -> None:
        now = now_ms()
        for arrived_at in arrivals:
            if arrived_at is not None:
                metrics.EVENT_DELAY.observe((now - arrived_at) / 1000)
        metrics.SIGNALS_SKIPPED.inc(skipped)
        metrics.SIGNALS_FOLDED.inc(received - skipped)
        metrics.CONVERSATIONS.set(sum(map(len, self.partitions.values())))


def waves(outgoing: list[OutgoingRecord], topics: Topics) -> tuple[list[OutgoingRecord], list[OutgoingRecord]]:
    """Outcomes after all else: no two topics keep an order, and who reads an outcome looks its decision up."""
    outcomes = topics.name(Name.OUTCOMES)
    return [one for one in outgoing if one.topic != outcomes], [one for one in outgoing if one.topic == outcomes]
