"""The insert pool: batches are inserted into ClickHouse while the next is read from Kafka.

Reading and inserting would otherwise wait for each other. Batches complete in the order they were submitted, so a
commit never runs ahead of an insert.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait

from confluent_kafka import TopicPartition

from agents.common.health import Health
from agents.settings.model import Settings
from agents.sink.inserter import Inserter

POOL_SIZE = 2
GRACE_S, KEEPALIVE_S = 1.0, 0.1

Ends = list[TopicPartition]
InsertTask = Callable[[Inserter, threading.Event], None]
KeepMembership = Callable[[float, threading.Event], None]


class InsertPool:
    """Two threads, each with its own connections to ClickHouse. ``close`` it.

    A task gets an event that is set when it must not retry.

    Args:
        settings: the deployment's settings.
        health: records every attempt.
        stop: set when the sink is to end.
        keep_membership: keeps the sink in its consumer group for some seconds.
    """

    def __init__(
        self, settings: Settings, health: Health, stop: threading.Event, keep_membership: KeepMembership
    ) -> None:
        self._stop, self._keep_membership = stop, keep_membership
        self._halt = threading.Event()
        self._idle = [Inserter(settings, health, sleep_unless_halted) for _ in range(POOL_SIZE)]
        self._threads = ThreadPoolExecutor(POOL_SIZE, "insert")
        self._pending: deque[tuple[Future[None], Ends]] = deque()

    def submit(self, task: InsertTask, ends: Ends) -> None:
        """Start inserting a batch. Call ``completed(POOL_SIZE - 1)`` before, so that a thread is free."""
        self._pending.append((self._threads.submit(self._run, task), ends))

    def completed(self, max_pending: int) -> Iterator[Ends]:
        """End positions of inserted batches, until at most ``max_pending`` are left; raises what their tasks raised."""
        while self._pending and (len(self._pending) > max_pending or self._pending[0][0].done()):
            self._await(self._pending[0][0])
            batch, ends = self._pending.popleft()
            batch.result()
            yield ends

    def close(self) -> None:
        """Stop all retries and shut down."""
        self._halt.set()
        self._threads.shutdown()
        for inserter in self._idle:
            inserter.close()

    def _run(self, task: InsertTask) -> None:
        inserter = self._idle.pop()
        try:
            task(inserter, self._halt)
        finally:
            self._idle.append(inserter)

    def _await(self, batch: "Future[None]") -> None:
        """Wait for an insert. If it takes long, keep the group membership meanwhile."""
        grace_ends = time.monotonic() + GRACE_S
        while not wait([batch], KEEPALIVE_S).done:
            if self._stop.is_set():
                self._halt.set()
            elif time.monotonic() > grace_ends:
                self._keep_membership(KEEPALIVE_S, self._stop)


def sleep_unless_halted(seconds: float, halt: threading.Event) -> None:
    halt.wait(seconds)
