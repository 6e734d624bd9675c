"""The store of our tables: encoded states in memory, by partition.

Faust's own memory store is one dictionary; ours forgets a partition whole when it goes to another worker, and
reads the changelog in runs. Writes are ours too: the changelog is published and acknowledged *before* the store
changes, so the store never holds what a crash could lose.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import faust
from faust.stores import base
from faust.types import TP

from agents.transport import Run

Converter = Callable[[Any], Any]
Changes = Iterable[tuple[str, bytes | None]]


class PartitionedStore(base.Store[str, bytes]):
    """States by partition and key. Filled by recovery and by ``write``."""

    def __post_init__(self) -> None:
        self._partitions: dict[int, dict[str, bytes]] = {}

    def partition(self, number: int) -> dict[str, bytes]:
        """The states of one partition, live."""
        return self._partitions.setdefault(number, {})

    def write(self, number: int, changes: Changes) -> None:
        """Take in changes whose changelog is acknowledged; None ends a key."""
        states = self.partition(number)
        for key, value in changes:
            if value is None:
                states.pop(key, None)
            else:
                states[key] = value

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Converter, to_value: Converter) -> None:
        """Recovery: take in runs of changelog records, in order."""
        for event in batch:
            run: Run = event.message.value
            self.write(run.partition, ((record.key.decode(), record.value) for record in run.records))

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Forget what belongs to another worker now; recovery reads it again from the start if it comes back."""
        for tp in revoked:
            if tp.topic == self.table.changelog_topic.get_topic_name():
                self._partitions.pop(tp.partition, None)

    def persisted_offset(self, tp: TP) -> int | None:
        """Nothing is kept over a restart: recovery begins at the start of the changelog."""
        return None

    def __len__(self) -> int:
        return sum(map(len, self._partitions.values()))

    def __iter__(self) -> Iterator[str]:
        for states in self._partitions.values():
            yield from states

    def __contains__(self, key: object) -> bool:
        return any(key in states for states in self._partitions.values())

    def __getitem__(self, key: str) -> bytes:
        for states in self._partitions.values():
            if key in states:
                return states[key]
        raise KeyError(key)

    def __setitem__(self, key: str, value: bytes) -> None:
        raise NotImplementedError("states are written by run: see write()")

    def __delitem__(self, key: str) -> None:
        raise NotImplementedError("states are written by run: see write()")

    def clear(self) -> None:
        self._partitions.clear()

    def reset_state(self) -> None:
        """There is no local state to remove."""

    async def backup_partition(self, tp: Any, flush: bool = True, purge: bool = False, keep: int = 1) -> None:
        """The changelog is the backup."""

    def restore_backup(self, tp: Any, latest: bool = True, backup_id: int = 0) -> None:
        """The changelog is the backup."""


class PartitionedTable(faust.Table[str, bytes]):
    """A Faust table for its changelog, recovery and co-partitioning, over our store."""

    def _new_store(self) -> PartitionedStore:
        return PartitionedStore("memory://", self.app, self, table_name=self.name, loop=self.loop)

    @property
    def states(self) -> PartitionedStore:
        """The store, by its own type."""
        store = self.data
        assert isinstance(store, PartitionedStore)
        return store
