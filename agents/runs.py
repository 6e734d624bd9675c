"""How every agent treats runs: those of a partition one after the other, partitions side by side.

Most of a run's time goes by waiting for the broker to acknowledge what follows from it; other partitions work
meanwhile. Faust is told that a run is through when it is, so that a rebalance waits for those under way.

A refused record is part of the work. Anything else that goes wrong is ours: going on could commit what was not
done, so the process ends and its successor reads the run again.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from agents import metrics
from agents.health import Health
from agents.transport import Run

log = structlog.get_logger(__name__)

EXIT_CRASHED = 70

Step = Callable[[Run], Awaitable[None]]


async def work(name: str, stream: Any, step: Step, health: Health) -> None:
    """Feed every run of a Faust stream to ``step``. Returns when the stream ends; never after an error."""
    under_way: dict[int, asyncio.Task[None]] = {}
    async for event in stream.noack().events():
        partition = event.value.partition
        if partition in under_way:
            await asyncio.wait([under_way[partition]])
        under_way[partition] = asyncio.create_task(one(name, event, step, health))


async def one(name: str, event: Any, step: Step, health: Health) -> None:
    """Work on one run, acknowledge, mark it done, or end the process."""
    run: Run = event.value
    started = time.perf_counter()
    try:
        with health.working(name):
            await step(run)
    except Exception:
        log.exception("run failed", agent=name, topic=run.topic, partition=run.partition, offset=run.last_offset)
        os._exit(EXIT_CRASHED)
    run.done = True
    event.ack()
    metrics.RUN_SECONDS.labels(name).observe(time.perf_counter() - started)
