"""Write-behind: the states of a partition are written once for all runs folded within a moment.

Recovery stays exact. What follows from a run is published before its states are written, and the run is finished, so
that its offset may be committed, only after. Whoever comes after a crash folds the same events again from the older
states, and publishes the same records under the same ids; a longer wait only makes that more events.

The fold of a run and a write take turns: between them a state would be missing, taken up to be written and not yet
in the store.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial

from agents.worker.batch_runner import or_end
from agents.worker.batch_transport import RecordBatch

Write = Callable[[RecordBatch], Awaitable[None]]


class WriteBehind:
    """Writes later, once per partition.

    Args:
        wait_s: longest time a folded run waits to be written, seconds.
        write: writes what has changed in a partition up to the end of a run; returns when it is acknowledged.
    """

    def __init__(self, wait_s: float, write: Write) -> None:
        self._wait_s, self._write = wait_s, write
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._folded: dict[int, list[RecordBatch]] = {}
        self._writers: dict[int, asyncio.Task[None]] = {}

    def turn(self, partition: int) -> asyncio.Lock:
        """To be held while a run of that partition is folded."""
        return self._turns[partition]

    def folded(self, run: RecordBatch) -> None:
        """A run was folded, and what follows from it is acknowledged: write its states soon, then finish it."""
        waiting = self._folded.setdefault(run.partition, [])
        waiting.append(run)
        if len(waiting) == 1:
            writer = or_end(partial(self._write_soon, run.partition), agent="write-behind", partition=run.partition)
            self._writers[run.partition] = asyncio.create_task(writer)

    def forget(self) -> None:
        """Write nothing of what waits: the partitions went to somebody who begins before it."""
        for writer in self._writers.values():
            writer.cancel()
        for run in (run for runs in self._folded.values() for run in runs):
            run.release()
        self._writers.clear()
        self._folded.clear()

    async def _write_soon(self, partition: int) -> None:
        await asyncio.sleep(self._wait_s)
        async with self._turns[partition]:
            await self._write(self._folded[partition][-1])
            runs = self._folded.pop(partition)
        for run in runs:
            run.finish()
