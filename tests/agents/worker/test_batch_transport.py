"""The ledger decides what may be committed: only what is done, and nothing before what is not."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.worker.batch_transport import BatchLedger, RecordBatch


@dataclass
class At:
    """All a ledger needs of a record."""

    offset: int


def records(*offsets: int) -> list[At]:
    return [At(offset) for offset in offsets]


def deliver(ledger: BatchLedger, *offsets: int) -> RecordBatch:
    batch = RecordBatch("topic", 0, records(*offsets))  # type: ignore[arg-type]
    ledger.add(batch)
    return batch


def undelivered(ledger: BatchLedger, *offsets: int) -> list[int]:
    return [record.offset for record in ledger.drop_delivered(records(*offsets))]  # type: ignore[arg-type]


@pytest.fixture
def ledger() -> BatchLedger:
    return BatchLedger()


def test_nothing_delivered_nothing_to_commit(ledger: BatchLedger) -> None:
    assert ledger.pop_committable() is None


def test_a_batch_commits_the_offset_after_its_last_record_once(ledger: BatchLedger) -> None:
    deliver(ledger, 3, 4, 5).done = True
    assert ledger.pop_committable() == 6
    assert ledger.pop_committable() is None


def test_an_undone_batch_holds_back_those_after_it(ledger: BatchLedger) -> None:
    first, second, third = deliver(ledger, 0), deliver(ledger, 1), deliver(ledger, 2)
    second.done = third.done = True
    assert ledger.pop_committable() is None
    first.done = True
    assert ledger.pop_committable() == 3


def test_what_is_not_finished_begins_at_the_first_undone_batch(ledger: BatchLedger) -> None:
    assert ledger.first_undone_offset(7) == 7
    first, second = deliver(ledger, 3, 4), deliver(ledger, 5)
    assert ledger.first_undone_offset(6) == 3
    first.done = True
    assert ledger.first_undone_offset(6) == 5
    second.done = True
    assert ledger.first_undone_offset(6) == 6


def test_only_what_is_done_up_to_the_first_undone_batch(ledger: BatchLedger) -> None:
    batches = [deliver(ledger, offset) for offset in range(4)]
    batches[0].done = batches[1].done = batches[3].done = True
    assert ledger.pop_committable() == 2
    batches[2].done = True
    assert ledger.pop_committable() == 4


def test_gaps_inside_and_between_batches_do_not_matter(ledger: BatchLedger) -> None:
    deliver(ledger, 7, 9, 40).done = True
    deliver(ledger, 1000).done = True
    assert ledger.pop_committable() == 1001


def test_records_that_come_again_after_a_crossing_seek_are_not_fresh(ledger: BatchLedger) -> None:
    assert undelivered(ledger, 0, 1, 2) == [0, 1, 2]
    deliver(ledger, 0, 1, 2)
    assert undelivered(ledger, 0, 1, 2) == []
    assert undelivered(ledger, 1, 2, 3, 8) == [3, 8]
    assert undelivered(ledger, 3, 4) == [3, 4]


def test_what_was_committed_stays_delivered(ledger: BatchLedger) -> None:
    deliver(ledger, 0, 1).done = True
    assert ledger.pop_committable() == 2
    assert undelivered(ledger, 1, 2) == [2]


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=20))
def test_never_past_an_undone_batch_and_never_back(steps: list[tuple[int, bool]]) -> None:
    ledger, batches, commits, offset = BatchLedger(), [], [], 0
    for gap, done in steps:
        offset += gap
        batches.append(deliver(ledger, offset))
        if done:
            batches[offset % len(batches)].done = True
        commits += [offset_to_commit] if (offset_to_commit := ledger.pop_committable()) is not None else []
        undone = [batch.last_offset for batch in batches if not batch.done]
        assert all(commit <= min(undone, default=offset + 1) for commit in commits)
    assert all(earlier < later for earlier, later in pairwise(commits))
    for batch in batches:
        batch.done = True
    last = ledger.pop_committable()
    assert (last or commits[-1]) == offset + 1


def test_a_marker_behind_the_last_record_is_committed_when_all_is_done(ledger: BatchLedger) -> None:
    batch = deliver(ledger, 3, 4)
    ledger.note_position(6)
    assert ledger.pop_committable() is None
    batch.done = True
    assert ledger.pop_committable() == 6
    assert ledger.pop_committable() is None


def test_what_was_passed_says_nothing_beyond_the_records_themselves(ledger: BatchLedger) -> None:
    deliver(ledger, 3, 4).done = True
    ledger.note_position(5)
    assert ledger.pop_committable() == 5
    ledger.note_position(5)
    assert ledger.pop_committable() is None
