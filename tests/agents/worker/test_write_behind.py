"""Write-behind: one write for several runs, none finished before it, nothing written for partitions that went away."""

import asyncio
from typing import Any

from agents.worker.batch_transport import RecordBatch
from agents.worker.write_behind import WriteBehind

WAIT_S = 0.01


class Event:
    """Faust's, as far as a run knows it."""

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


def run(partition: int = 0) -> RecordBatch:
    return RecordBatch("signals", partition, [], event=Event())


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(WAIT_S)


async def once_for_several() -> None:
    written = Written()
    behind, runs = WriteBehind(WAIT_S, written), [run(), run(), run(1)]
    events = [one.event for one in runs]
    for one in runs:
        async with behind.turn(one.partition):
            behind.folded(one)
    assert not any(one.done for one in runs)
    await until(lambda: all(one.done for one in runs))
    assert sorted(written.partitions) == [0, 1]
    assert [one.acked for one in events] == [1, 1, 1]


def test_the_runs_of_a_partition_are_written_once_and_then_finished() -> None:
    asyncio.run(once_for_several())


async def write_before_fold() -> None:
    written = Written()
    written.may_end.clear()
    behind, first, second = WriteBehind(WAIT_S, written), run(), run()
    behind.folded(first)
    await until(lambda: written.partitions)
    assert behind.turn(0).locked(), "a run would be folded from states that are neither here nor in the store"
    assert not first.done
    written.may_end.set()
    async with behind.turn(0):
        behind.folded(second)
    await until(lambda: second.done)
    assert written.partitions == [0, 0]


def test_fold_and_write_take_turns() -> None:
    asyncio.run(write_before_fold())


async def gone(while_writing: bool) -> None:
    written = Written()
    written.may_end.clear()
    behind, waiting = WriteBehind(WAIT_S, written), run()
    event = waiting.event
    behind.folded(waiting)
    if while_writing:
        await until(lambda: written.partitions)
    behind.forget()
    written.may_end.set()
    await asyncio.sleep(5 * WAIT_S)
    assert not waiting.done, "it must not be committed: its states were not written"
    assert event.acked == 1, "and no rebalance waits for it"
    assert written.partitions == ([0] if while_writing else [])
    behind.folded(back := run())
    await until(lambda: back.done)


def test_what_went_away_is_not_written() -> None:
    asyncio.run(gone(while_writing=False))


def test_what_went_away_during_a_write_is_not_finished() -> None:
    asyncio.run(gone(while_writing=True))
