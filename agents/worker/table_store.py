"""The store of our tables: encoded states in memory, by partition.

Faust's own memory store is one dictionary. This one drops a whole partition when it is revoked, and reads the
changelog in batches. The changelog is published and acknowledged *before* the store changes, so the store never holds
a state that a crash could lose.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import faust
from faust.stores import base
from faust.types import TP

from agents.kafka.async_producer import OutgoingRecord
from agents.worker.batch_transport import RecordBatch
from agents.worker.changelog import ChangelogCursor, as_of_header

Converter = Callable[[Any], Any]
Change = tuple[str, bytes | None]


class PartitionedStore(base.Store[str, bytes]):
    """States by partition and key. Filled by recovery and by ``write``.

    Attributes:
        on_recovery: called with each batch of changelog records read.
    """

    on_recovery: Callable[[], None] = staticmethod(lambda: None)

    def __post_init__(self) -> None:
        self._partitions: dict[int, dict[str, bytes]] = {}
        self._cursors: dict[int, ChangelogCursor] = defaultdict(ChangelogCursor)

    def partition(self, number: int) -> dict[str, bytes]:
        """The states of one partition by key, not a copy."""
        return self._partitions.setdefault(number, {})

    def cursor(self, number: int) -> ChangelogCursor:
        """The changelog cursor of one partition: the offsets its states are as of."""
        return self._cursors[number]

    def with_stale_keys(self, number: int, changes: Sequence[Change]) -> list[Change]:
        """The changes, then the states to write again because their last changelog record is outdated."""
        stale = self.cursor(number).stale - {key for key, _ in changes}
        states = self.partition(number)
        return [*changes, *((key, states.get(key)) for key in sorted(stale))]

    def write(self, number: int, changes: Iterable[Change], as_of: int) -> None:
        """Apply the changes of a batch that ends at ``as_of``, whose changelog is acknowledged; None deletes a key."""
        for key, value in changes:
            self._put(number, key, value)
        self.cursor(number).mark_written(as_of)

    def _put(self, number: int, key: str, value: bytes | None) -> None:
        if value is None:
            self.partition(number).pop(key, None)
        else:
            self.partition(number)[key] = value

    def apply_changelog_batch(self, events: Iterable[Any], to_key: Converter, to_value: Converter) -> None:
        """Recovery: apply batches of changelog records, in order."""
        self.on_recovery()
        for event in events:
            fetched: RecordBatch = event.message.value
            cursor = self.cursor(fetched.partition)
            for record in fetched.records:
                key = record.key.decode()
                if cursor.accept(key, record.headers):
                    self._put(fetched.partition, key, record.value)
                elif record.value == self.partition(fetched.partition).get(key):
                    cursor.stale.discard(key)  # it holds the current state: our own record, read again at a rebalance

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Drop revoked partitions; recovery reads them again from the start if they are assigned again."""
        for tp in revoked:
            if tp.topic == self.table.changelog_topic.get_topic_name():
                self._partitions.pop(tp.partition, None)
                self._cursors.pop(tp.partition, None)

    def persisted_offset(self, tp: TP) -> int | None:
        """Nothing outlives a restart: recovery begins at the start of the changelog."""
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
        raise NotImplementedError("states are written by batch: see write()")

    def __delitem__(self, key: str) -> None:
        raise NotImplementedError("states are written by batch: see write()")

    def clear(self) -> None:
        self._partitions.clear()
        self._cursors.clear()

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


def changelog_records(
    topic: str, batch: RecordBatch, changes: Iterable[Change], store: PartitionedStore
) -> list[OutgoingRecord]:
    """The changelog records of a batch, each with the offset its state is as of."""
    as_of = store.cursor(batch.partition).as_of
    return [
        OutgoingRecord(topic, key.encode(), value, as_of_header(max(batch.last_offset, as_of(key))), batch.partition)
        for key, value in changes
    ]
