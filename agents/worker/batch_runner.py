"""How every agent treats runs: those of a partition one after the other, partitions side by side.

Most of a run's time goes by waiting for the broker to acknowledge what follows from it; other partitions work
meanwhile. Faust hears that a run is through from whoever finishes it, so that a rebalance waits for those under way.

A refused record is part of the work. Anything else that goes wrong is ours: going on could commit what was not
done, so the process ends and its successor reads the run again.
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

Step = Callable[[RecordBatch], Awaitable[None]]


async def work(name: str, stream: Any, step: Step, health: Health) -> None:
    """Feed every run of a Faust stream to ``step``, which finishes it, then or later. Returns when the stream ends."""
    under_way: dict[int, asyncio.Task[None]] = {}
    async for event in stream.noack().events():
        run: RecordBatch = event.value
        run.event = event
        if run.partition in under_way:
            await asyncio.wait([under_way[run.partition]])
        under_way[run.partition] = asyncio.create_task(one(name, run, step, health))


async def one(name: str, run: RecordBatch, step: Step, health: Health) -> None:
    """Work on one run, or end the process."""
    started = time.perf_counter()
    with health.working(name):
        await or_end(partial(step, run), agent=name, topic=run.topic, partition=run.partition, offset=run.last_offset)
    metrics.RUN_SECONDS.labels(name).observe(time.perf_counter() - started)


async def or_end(do: Callable[[], Awaitable[None]], **what: object) -> None:
    """Do it; an exception ends the process, with a log line that says what was worked on."""
    try:
        await do()
    except Failure as failure:  # a person can act on it: what to do says more than a traceback
        log.error(failure.message, what_to_do=failure.hint, **what)
        os._exit(EXIT_CRASHED)
    except Exception:
        log.exception("run failed", **what)
        os._exit(EXIT_CRASHED)
