"""Write-behind: one write for several batches, none done before it, nothing written for partitions that went away."""

import asyncio
from typing import Any

from agents.worker.batch_transport import RecordBatch
from agents.worker.write_behind import WriteBehind

WAIT_S = 0.01


class Event:
    """Faust's, as far as a batch knows it."""

    def __init__(self) -> None:
        self.acked = 0

    def ack(self) -> None:
        self.acked += 1


class Written:
    """Notes what is written; a write ends when it is let."""

    def __init__(self) -> None:
        self.partitions: list[int] = []
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self, last: RecordBatch) -> None:
        self.partitions.append(last.partition)
        await self.may_end.wait()


def new_batch(partition: int = 0) -> RecordBatch:
    return RecordBatch("signals", partition, [], event=Event())


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(WAIT_S)


async def once_for_several() -> None:
    written = Written()
    behind, batches = WriteBehind(WAIT_S, written), [new_batch(), new_batch(), new_batch(1)]
    events = [batch.event for batch in batches]
    for batch in batches:
        async with behind.lock(batch.partition):
            behind.schedule(batch)
    assert not any(batch.done for batch in batches)
    await until(lambda: all(batch.done for batch in batches))
    assert sorted(written.partitions) == [0, 1]
    assert [batch.acked for batch in events] == [1, 1, 1]


def test_the_batches_of_a_partition_are_written_once_and_then_finished() -> None:
    asyncio.run(once_for_several())


async def write_before_fold() -> None:
    written = Written()
    written.may_end.clear()
    behind, first, second = WriteBehind(WAIT_S, written), new_batch(), new_batch()
    behind.schedule(first)
    await until(lambda: written.partitions)
    assert behind.lock(0).locked(), "a batch would be folded from states that are neither here nor in the store"
    assert not first.done
    written.may_end.set()
    async with behind.lock(0):
        behind.schedule(second)
    await until(lambda: second.done)
    assert written.partitions == [0, 0]


def test_fold_and_write_take_turns() -> None:
    asyncio.run(write_before_fold())


async def gone(while_writing: bool) -> None:
    written = Written()
    written.may_end.clear()
    behind, batch = WriteBehind(WAIT_S, written), new_batch()
    event = batch.event
    behind.schedule(batch)
    if while_writing:
        await until(lambda: written.partitions)
    behind.discard()
    written.may_end.set()
    await asyncio.sleep(5 * WAIT_S)
    assert not batch.done, "it must not be committed: its states were not written"
    assert event.acked == 1, "and no rebalance waits for it"
    assert written.partitions == ([0] if while_writing else [])
    behind.schedule(next_batch := new_batch())
    await until(lambda: next_batch.done)


def test_what_went_away_is_not_written() -> None:
    asyncio.run(gone(while_writing=False))


def test_what_went_away_during_a_write_is_not_finished() -> None:
    asyncio.run(gone(while_writing=True))
