"""The profile agent: reads tenor.customers, keeps each customer's profile, and answers a conversation that asks for it.

The answer is a signal on tenor.signals, keyed by conversation, so a replay of that log reads it too. Order of a batch
as in the conversation agent: answers, changelog, offset. After a crash the answer may be published twice; the fold
knows the offset of the note and skips the second.
"""

import asyncio
from typing import Any

from agents.kafka.admin.offset_continuity import RequireReached
from agents.kafka.async_producer import AsyncProducer, OutgoingRecord
from agents.kafka.record_builder import build_dead_letter, headers_of
from agents.worker.batch_transport import RecordBatch
from agents.worker.table_store import PartitionedStore, changelog_records
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Name, Topics
from streams.config.model import Config
from streams.customers.partition import CustomerPartition

NOTE, SIGNAL = record("customer_note"), record("signal")


class ProfileAgent:
    """Folds batches of tenor.customers into the profiles of their partition."""

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

    def drop_partitions(self) -> None:
        """Drop the folds of all partitions at a rebalance; they are opened again from the store."""
        self._partitions.clear()

    async def process(self, batch: RecordBatch) -> None:
        """Process one batch, in the order above."""
        if batch.partition not in self._partitions:
            reached = {(batch.topic, batch.partition): self._store.cursor(batch.partition).highest_as_of}
            await asyncio.to_thread(self._require_reached, reached)
        codec = await self._codec.with_schemas_for(message.value for message in batch.records)
        customers = self._partition(batch.partition)
        answers = [out for message in batch.records for out in self._fold(customers, message, codec)]
        await self._outbox.send(answers)
        changes = self._store.with_stale_keys(batch.partition, customers.changes())
        await self._outbox.send(changelog_records(self._topics.profiles, batch, changes, self._store))
        self._store.write(batch.partition, changes, batch.last_offset)
        batch.mark_done()

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
