"""Write-behind: the states of a partition are written once for all batches folded within a short wait.

Recovery stays exact. A batch's outputs are published before its states are written, and the batch is marked done, so
that its offset may be committed, only after. After a crash the next owner folds the same events again from the older
states and publishes the same records under the same ids; a longer wait only means more events to fold again.

A lock keeps the fold of a batch and a write apart: during a write, a changed state is neither in the fold nor yet in
the store.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial

from agents.worker.batch_runner import exit_on_error
from agents.worker.batch_transport import RecordBatch

Write = Callable[[RecordBatch], Awaitable[None]]


class WriteBehind:
    """Writes states after a wait, once per partition.

    Args:
        wait_s: longest time a folded batch waits to be written, seconds.
        write: writes the changed states of a partition up to the end of a batch; returns when acknowledged.
    """

    def __init__(self, wait_s: float, write: Write) -> None:
        self._wait_s, self._write = wait_s, write
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._scheduled: dict[int, list[RecordBatch]] = {}
        self._writers: dict[int, asyncio.Task[None]] = {}

    def lock(self, partition: int) -> asyncio.Lock:
        """Hold it while a batch of that partition is folded."""
        return self._locks[partition]

    def schedule(self, batch: RecordBatch) -> None:
        """Write the states of a folded batch, whose outputs are acknowledged, soon; then mark it done."""
        waiting = self._scheduled.setdefault(batch.partition, [])
        waiting.append(batch)
        if len(waiting) == 1:
            number = batch.partition
            writer = exit_on_error(partial(self._write_soon, number), agent="write-behind", partition=number)
            self._writers[number] = asyncio.create_task(writer)

    def discard(self) -> None:
        """Cancel all waiting writes: the partitions' next owners fold these batches again."""
        for writer in self._writers.values():
            writer.cancel()
        for batch in (batch for batches in self._scheduled.values() for batch in batches):
            batch.ack_event()
        self._writers.clear()
        self._scheduled.clear()

    async def _write_soon(self, partition: int) -> None:
        await asyncio.sleep(self._wait_s)
        async with self._locks[partition]:
            await self._write(self._scheduled[partition][-1])
            batches = self._scheduled.pop(partition)
        for batch in batches:
            batch.mark_done()
