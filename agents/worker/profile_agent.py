"""Profiles: reads tenor.customers, remembers each customer, and answers a conversation that asks.

The answer is a signal on tenor.signals, keyed by conversation, so it stands in the log that everything follows from.
Order of a run as in the conversations agent: answers, changelog, offset. A crash after the first answers again; the
fold knows the position of the note and skips the second answer.
"""

import asyncio
from typing import Any

from agents.kafka.admin.offset_continuity import RequireReached
from agents.kafka.async_producer import AsyncProducer, OutgoingRecord
from agents.kafka.record_builder import build_dead_letter, headers_of
from agents.worker.batch_transport import RecordBatch
from agents.worker.table_store import PartitionedStore, changelog
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Name, Topics
from streams.config.model import Config
from streams.customers.partition import CustomerPartition

NOTE, SIGNAL = record("customer_note"), record("signal")


class ProfileAgent:
    """Folds runs of tenor.customers into the profiles of their partition."""

    def __init__(
        self,
        config: Config,
        topics: Topics,
        codec: Codec,
        store: PartitionedStore,
        outbox: AsyncProducer,
        require_reached: RequireReached,
    ) -> None:
        self._config, self._topics, self._codec = config, topics, codec
        self._store, self._outbox, self._require_reached = store, outbox, require_reached
        self._partitions: dict[int, CustomerPartition] = {}

    def forget(self) -> None:
        """A rebalance: what is known of the partitions is read from the store again."""
        self._partitions.clear()

    async def step(self, run: RecordBatch) -> None:
        """One run, in the order above."""
        if run.partition not in self._partitions:
            reached = {(run.topic, run.partition): self._store.reading(run.partition).reached}
            await asyncio.to_thread(self._require_reached, reached)
        codec = await self._codec.with_schemas_for(message.value for message in run.records)
        customers = self._partition(run.partition)
        answers = [out for message in run.records for out in self._fold(customers, message, codec)]
        await self._outbox.send(answers)
        changes = self._store.healed(run.partition, customers.changes())
        await self._outbox.send(changelog(self._topics.profiles, run, changes, self._store))
        self._store.write(run.partition, changes, run.last_offset)
        run.finish()

    def _partition(self, number: int) -> CustomerPartition:
        if number not in self._partitions:
            self._partitions[number] = CustomerPartition(self._config.profile, self._store.partition(number))
        return self._partitions[number]

    def _fold(self, customers: CustomerPartition, message: Any, codec: Codec) -> list[OutgoingRecord]:
        try:
            note = codec.decode(NOTE, message.value, headers_of(message))
        except Rejected as refusal:
            return [build_dead_letter(message, refusal, "profiles")]
        answer = customers.fold(note, (message.topic, message.partition, message.offset))
        if answer is None:
            return []
        value = self._codec.encode(SIGNAL, answer)
        return [OutgoingRecord(self._topics.name(Name.SIGNALS), answer["conversation_id"].encode(), value)]
