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


def delivered(ledger: BatchLedger, *offsets: int) -> RecordBatch:
    run = RecordBatch("topic", 0, records(*offsets))  # type: ignore[arg-type]
    ledger.delivered(run)
    return run


def fresh(ledger: BatchLedger, *offsets: int) -> list[int]:
    return [record.offset for record in ledger.fresh(records(*offsets))]  # type: ignore[arg-type]


@pytest.fixture
def ledger() -> BatchLedger:
    return BatchLedger()


def test_nothing_delivered_nothing_to_commit(ledger: BatchLedger) -> None:
    assert ledger.committable() is None


def test_a_run_commits_the_offset_after_its_last_record_once(ledger: BatchLedger) -> None:
    delivered(ledger, 3, 4, 5).done = True
    assert ledger.committable() == 6
    assert ledger.committable() is None


def test_an_undone_run_holds_back_those_after_it(ledger: BatchLedger) -> None:
    first, second, third = delivered(ledger, 0), delivered(ledger, 1), delivered(ledger, 2)
    second.done = third.done = True
    assert ledger.committable() is None
    first.done = True
    assert ledger.committable() == 3


def test_what_is_not_finished_begins_at_the_first_undone_run(ledger: BatchLedger) -> None:
    assert ledger.unfinished_from(7) == 7
    first, second = delivered(ledger, 3, 4), delivered(ledger, 5)
    assert ledger.unfinished_from(6) == 3
    first.done = True
    assert ledger.unfinished_from(6) == 5
    second.done = True
    assert ledger.unfinished_from(6) == 6


def test_only_what_is_done_up_to_the_first_undone_run(ledger: BatchLedger) -> None:
    runs = [delivered(ledger, offset) for offset in range(4)]
    runs[0].done = runs[1].done = runs[3].done = True
    assert ledger.committable() == 2
    runs[2].done = True
    assert ledger.committable() == 4


def test_gaps_inside_and_between_runs_do_not_matter(ledger: BatchLedger) -> None:
    delivered(ledger, 7, 9, 40).done = True
    delivered(ledger, 1000).done = True
    assert ledger.committable() == 1001


def test_records_that_come_again_after_a_crossing_seek_are_not_fresh(ledger: BatchLedger) -> None:
    assert fresh(ledger, 0, 1, 2) == [0, 1, 2]
    delivered(ledger, 0, 1, 2)
    assert fresh(ledger, 0, 1, 2) == []
    assert fresh(ledger, 1, 2, 3, 8) == [3, 8]
    assert fresh(ledger, 3, 4) == [3, 4]


def test_what_was_committed_stays_delivered(ledger: BatchLedger) -> None:
    delivered(ledger, 0, 1).done = True
    assert ledger.committable() == 2
    assert fresh(ledger, 1, 2) == [2]


@given(st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=20))
def test_never_past_an_undone_run_and_never_back(steps: list[tuple[int, bool]]) -> None:
    ledger, runs, commits, offset = BatchLedger(), [], [], 0
    for gap, done in steps:
        offset += gap
        runs.append(delivered(ledger, offset))
        if done:
            runs[offset % len(runs)].done = True
        commits += [found] if (found := ledger.committable()) is not None else []
        undone = [run.last_offset for run in runs if not run.done]
        assert all(commit <= min(undone, default=offset + 1) for commit in commits)
    assert all(one < next_one for one, next_one in pairwise(commits))
    for run in runs:
        run.done = True
    last = ledger.committable()
    assert (last or commits[-1]) == offset + 1


def test_a_marker_behind_the_last_record_is_committed_when_all_is_done(ledger: BatchLedger) -> None:
    run = delivered(ledger, 3, 4)
    ledger.passed(6)
    assert ledger.committable() is None
    run.done = True
    assert ledger.committable() == 6
    assert ledger.committable() is None


def test_what_was_passed_says_nothing_beyond_the_records_themselves(ledger: BatchLedger) -> None:
    delivered(ledger, 3, 4).done = True
    ledger.passed(5)
    assert ledger.committable() == 5
    ledger.passed(5)
    assert ledger.committable() is None
