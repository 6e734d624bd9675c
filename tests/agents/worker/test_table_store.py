"""The store of a table: what recovery makes of a changelog in which two have written."""

from types import SimpleNamespace
from typing import Any

import pytest

from agents.worker.batch_transport import RecordBatch
from agents.worker.changelog import as_of_header, read_as_of
from agents.worker.table_store import PartitionedStore, changelog_records


@pytest.fixture
def store() -> PartitionedStore:
    store = PartitionedStore.__new__(PartitionedStore)  # a Faust service that is never started needs no app
    store.__post_init__()
    return store


def record(key: str, value: bytes | None, as_of: int) -> Any:
    return SimpleNamespace(key=key.encode(), value=value, headers=as_of_header(as_of), offset=0)


def recover(store: PartitionedStore, *records: Any) -> None:
    batch = RecordBatch("changelog", 0, list(records))
    event = SimpleNamespace(message=SimpleNamespace(value=batch))
    store.apply_changelog_batch([event], str, str)


def batch_to(offset: int) -> RecordBatch:
    return RecordBatch("tenor.signals", 0, [SimpleNamespace(offset=offset)])  # type: ignore[list-item]


def test_recovery_keeps_the_newest_state_and_not_the_last_one(store: PartitionedStore) -> None:
    recover(store, record("a", b"old", 1), record("a", b"new", 5), record("a", b"from a paused worker", 3))
    recover(store, record("b", b"alive", 1), record("b", None, 5), record("b", b"from a paused worker", 3))
    assert store.partition(0) == {"a": b"new"}


def test_what_does_not_count_is_written_over_with_the_next_batch(store: PartitionedStore) -> None:
    """Else compaction would keep it, and nothing else."""
    recover(store, record("a", b"new", 5), record("a", b"stale", 3), record("b", None, 5), record("b", b"stale", 3))
    recover(store, record("c", b"new", 5), record("c", b"stale", 3))
    changes = store.with_stale_keys(0, [("c", b"newer")])
    assert changes == [("c", b"newer"), ("a", b"new"), ("b", None)]
    store.write(0, changes, 9)
    assert store.with_stale_keys(0, []) == []


def test_what_a_paused_worker_wrote_after_our_own_batches_is_written_over_too(store: PartitionedStore) -> None:
    """Another rebalance reads on from the last recovery: what it knew of these keys was let go with our batches."""
    recover(store, record("ended", None, 20), record("open", b"new", 20))
    store.write(0, [("other", b"ours")], 50)
    recover(store, record("other", b"ours", 50), record("ended", b"stale", 15), record("open", b"stale", 15))
    assert store.partition(0) == {"open": b"new", "other": b"ours"}
    changes = store.with_stale_keys(0, [])
    assert changes == [("ended", None), ("open", b"new")]
    assert [read_as_of(record.headers) for record in changelog_records("log", batch_to(60), changes, store)] == [60, 60]
    store.write(0, changes, 60)
    assert store.with_stale_keys(0, []) == []


def test_what_we_wrote_ourselves_is_not_written_again_for_being_read_again(store: PartitionedStore) -> None:
    """A rebalance reads all of it: every conversation since the last one would be written at once."""
    batches = {20: [("a", b"1"), ("b", b"1")], 30: [("a", b"2")], 40: [("a", b"3"), ("b", None)], 50: [("c", b"1")]}
    for offset, changes in batches.items():
        store.write(0, changes, offset)
    written = [record(key, value, offset) for offset, changes in batches.items() for key, value in changes]
    recover(store, record("a", b"stale", 15), *written)
    assert store.with_stale_keys(0, []) == []
    assert store.partition(0) == {"a": b"3", "c": b"1"}


def test_a_state_is_never_written_as_of_less_than_it_is(store: PartitionedStore) -> None:
    recover(store, record("a", b"new", 12))
    written = changelog_records("log", batch_to(9), [("a", b"new"), ("b", b"other")], store)
    assert [(record.key, record.partition, read_as_of(record.headers)) for record in written] == [
        (b"a", 0, 12),
        (b"b", 0, 9),
    ]
