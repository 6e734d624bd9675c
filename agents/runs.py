"""How every agent treats a run: work on it, acknowledge, mark it done, or end the process.

A refused record is part of the work. Anything else that goes wrong is ours: going on could commit what was not
done, so the process ends and its successor reads the run again.
"""

import os
import time
from collections.abc import AsyncIterable, Awaitable, Callable

import structlog

from agents import metrics
from agents.health import Health
from agents.transport import Run

log = structlog.get_logger(__name__)

EXIT_CRASHED = 70


async def work(name: str, stream: AsyncIterable[Run], step: Callable[[Run], Awaitable[None]], health: Health) -> None:
    """Feed every run of a stream to ``step``. Returns when the stream ends; never after an error."""
    async for run in stream:
        started = time.perf_counter()
        try:
            with health.working(name):
                await step(run)
        except Exception:
            log.exception("run failed", agent=name, topic=run.topic, partition=run.partition, offset=run.last_offset)
            os._exit(EXIT_CRASHED)
        run.done = True
        metrics.RUN_SECONDS.labels(name).observe(time.perf_counter() - started)
