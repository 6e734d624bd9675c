"""Conversations: folds tenor.signals, publishes what follows, keeps the state.

Order of a run, each step acknowledged before the next: outputs, state changelog, input offset. A crash after
the first folds the run again from the older state and publishes the same records under the same ids; a crash
after the second reads it again and skips it. See docs/decisions.
"""

from typing import Any

from agents import metrics
from agents.clock import now_ms
from agents.outbox import Outbox, Outgoing
from agents.publishing import headers_of, published, refused
from agents.store import PartitionedStore
from agents.transport import Run
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Topics
from streams import state as states
from streams.config import Config
from streams.partition import FLOOR, Partition

SIGNAL = record("signal")


class Conversations:
    """Folds runs of tenor.signals into the conversations of their partition."""

    def __init__(self, config: Config, topics: Topics, codec: Codec, store: PartitionedStore, outbox: Outbox) -> None:
        self._config, self._topics, self._codec = config, topics, codec
        self._store, self._outbox = store, outbox
        self.partitions: dict[int, Partition] = {}

    def forget(self) -> None:
        """A rebalance: what is known of the partitions is read from the store again."""
        self.partitions.clear()

    async def step(self, run: Run) -> None:
        """One run, in the order above."""
        partition = self.partition(run.partition)
        skipped = partition.skipped
        arrived: list[int] = []
        outgoing = [out for message in run.records for out in self._fold(partition, message, arrived)]
        await self._outbox.send(outgoing)
        changes = partition.changes()
        await self._outbox.send([self._changelog(run.partition, key, value) for key, value in changes])
        self._store.write(run.partition, changes)
        self._count(run, partition.skipped - skipped, arrived)

    def partition(self, number: int) -> Partition:
        """The fold of one partition, from the recovered store."""
        if number not in self.partitions:
            stored = self._store.partition(number)
            deadlines = {key: states.deadline_of(value) for key, value in stored.items() if key != FLOOR}
            self.partitions[number] = Partition(self._config, stored.get, deadlines)
        return self.partitions[number]

    def _fold(self, partition: Partition, message: Any, arrived: list[int]) -> list[Outgoing]:
        try:
            signal = self._codec.decode(SIGNAL, message.value, headers_of(message))
        except Rejected as refusal:
            return [refused(message, refusal, "conversations")]
        if signal["received_at"] is not None:
            arrived.append(signal["received_at"])
        return [published(output, self._codec, self._topics) for output in partition.fold(signal)]

    def _changelog(self, partition: int, key: str, value: bytes | None) -> Outgoing:
        return Outgoing(self._topics.changelog, key.encode(), value, partition=partition)

    def _count(self, run: Run, skipped: int, arrived: list[int]) -> None:
        now = now_ms()
        for received_at in arrived:
            metrics.EVENT_DELAY.observe((now - received_at) / 1000)
        metrics.SIGNALS_SKIPPED.inc(skipped)
        metrics.SIGNALS_FOLDED.inc(len(run.records) - skipped)
        metrics.CONVERSATIONS.set(sum(map(len, self.partitions.values())))
