"""Conversations: folds tenor.signals, publishes what follows, keeps the state.

Order of a run, each step acknowledged before the next: outputs, state changelog, input offset. A crash after
the first folds the run again from the older state and publishes the same records under the same ids; a crash
after the second reads it again and skips it. See docs/decisions.
"""

import asyncio
from typing import Any

from agents import metrics
from agents.clock import now_ms
from agents.models import Models
from agents.outbox import Outbox, Outgoing
from agents.policies import Policies
from agents.publishing import headers_of, published, refused
from agents.store import PartitionedStore
from agents.transport import Run
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Name, Topics
from streams.config import Config
from streams.extraction import Signal
from streams.partition import Partition, deadlines_in, model_in_use, policies_in_use

SIGNAL = record("signal")


class Conversations:
    """Folds runs of tenor.signals into the conversations of their partition."""

    def __init__(
        self,
        config: Config,
        topics: Topics,
        codec: Codec,
        store: PartitionedStore,
        outbox: Outbox,
        models: Models,
        policies: Policies,
    ) -> None:
        self._config, self._topics, self._codec = config, topics, codec
        self._store, self._outbox, self._models, self._policies = store, outbox, models, policies
        self.partitions: dict[int, Partition] = {}

    def forget(self) -> None:
        """A rebalance: what is known of the partitions is read from the store again."""
        self.partitions.clear()

    async def step(self, run: Run) -> None:
        """One run, in the order above."""
        signals = [self._decoded(message) for message in run.records]
        await self._fetch_versions(run.partition, signals)
        partition = self.partition(run.partition)
        skipped = partition.skipped
        offsets = (message.offset for message in run.records)
        outgoing = [out for one, at in zip(signals, offsets, strict=True) for out in self._fold(partition, one, at)]
        for wave in waves(outgoing, self._topics):
            await self._outbox.send(wave)
        changes = partition.changes()
        await self._outbox.send([self._changelog(run.partition, key, value) for key, value in changes])
        self._store.write(run.partition, changes)
        self._count(signals, partition.skipped - skipped)

    def partition(self, number: int) -> Partition:
        """The fold of one partition, from the recovered store."""
        if number not in self.partitions:
            stored = self._store.partition(number)
            deadlines = deadlines_in(stored)
            self.partitions[number] = Partition(self._config, stored.get, deadlines, self._models, self._policies)
        return self.partitions[number]

    async def _fetch_versions(self, number: int, signals: list[Signal | Outgoing]) -> None:
        """Have every text model and policy at hand that the run is folded with. ``Failure`` when one is nowhere."""
        named = [one for one in signals if isinstance(one, dict) and one["kind"] in ("model", "policy")]
        models = [one["model_version"] for one in named if one["kind"] == "model"]
        policies = [one["policy_version"] for one in named if one["kind"] == "policy"]
        if number not in self.partitions:
            load = self._store.partition(number).get
            models += [version for version in [model_in_use(load)] if version is not None]
            policies += [version for version, _ in policies_in_use(load).values()]
        if models:
            await asyncio.to_thread(self._models.fetch, models)
        if policies:
            await asyncio.to_thread(self._policies.fetch, policies)

    def _decoded(self, message: Any) -> Signal | Outgoing:
        """The signal, or the dead letter of what is none."""
        try:
            return self._codec.decode(SIGNAL, message.value, headers_of(message))
        except Rejected as refusal:
            return refused(message, refusal, "conversations")

    def _fold(self, partition: Partition, one: Signal | Outgoing, offset: int) -> list[Outgoing]:
        if isinstance(one, Outgoing):
            return [one]
        return [published(output, self._codec, self._topics) for output in partition.fold(one, offset)]

    def _changelog(self, partition: int, key: str, value: bytes | None) -> Outgoing:
        return Outgoing(self._topics.changelog, key.encode(), value, partition=partition)

    def _count(self, signals: list[Signal | Outgoing], skipped: int) -> None:
        now = now_ms()
        for one in signals:
            if isinstance(one, dict) and one["received_at"] is not None:
                metrics.EVENT_DELAY.observe((now - one["received_at"]) / 1000)
        metrics.SIGNALS_SKIPPED.inc(skipped)
        metrics.SIGNALS_FOLDED.inc(len(signals) - skipped)
        metrics.CONVERSATIONS.set(sum(map(len, self.partitions.values())))


def waves(outgoing: list[Outgoing], topics: Topics) -> tuple[list[Outgoing], list[Outgoing]]:
    """Outcomes after all else: no two topics keep an order, and who reads an outcome looks its decision up."""
    outcomes = topics.name(Name.OUTCOMES)
    return [one for one in outgoing if one.topic != outcomes], [one for one in outgoing if one.topic == outcomes]
