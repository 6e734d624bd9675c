"""How every agent processes batches: in order within a partition, partitions concurrently.

A batch spends most of its time waiting for the broker to acknowledge its outputs; other partitions work meanwhile.
Whoever marks a batch done acknowledges its Faust event, so a rebalance waits for the batches being processed.

Refusing a record is normal. Any other error is a bug or an outage: going on could commit offsets of unprocessed
records, so the process exits and the next one reads the batch again.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog

from agents.common import metrics
from agents.common.errors import Failure
from agents.common.health import Health
from agents.worker.batch_transport import RecordBatch

log = structlog.get_logger(__name__)

EXIT_CRASHED = 70

ProcessBatch = Callable[[RecordBatch], Awaitable[None]]


async def run_batches(name: str, stream: Any, process: ProcessBatch, health: Health) -> None:
    """Pass every batch of a Faust stream to ``process``, which marks it done, then or later.

    Returns when the stream ends.
    """
    running: dict[int, asyncio.Task[None]] = {}
    async for event in stream.noack().events():
        batch: RecordBatch = event.value
        batch.event = event
        if batch.partition in running:
            await asyncio.wait([running[batch.partition]])
        running[batch.partition] = asyncio.create_task(process_batch(name, batch, process, health))


async def process_batch(name: str, batch: RecordBatch, process: ProcessBatch, health: Health) -> None:
    """Process one batch, or exit."""
    started = time.perf_counter()
    with health.working(name):
        context = {"topic": batch.topic, "partition": batch.partition, "offset": batch.last_offset}
        await exit_on_error(partial(process, batch), agent=name, **context)
    metrics.RUN_SECONDS.labels(name).observe(time.perf_counter() - started)


async def exit_on_error(work: Callable[[], Awaitable[None]], **context: object) -> None:
    """Await ``work()``; on an exception log it with ``context`` and exit the process."""
    try:
        await work()
    except Failure as failure:  # a person can act on it: the hint says more than a traceback
        log.error(failure.message, what_to_do=failure.hint, **context)
        os._exit(EXIT_CRASHED)
    except Exception:
        log.exception("batch failed", **context)
        os._exit(EXIT_CRASHED)
