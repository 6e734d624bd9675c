"""Lanes: batches under way to ClickHouse while the next is read from Kafka.

ClickHouse writes one batch while we take up the next; both would wait for each other otherwise. Batches end in the
order they began, so what is committed never runs ahead of what is inserted.
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

LANES = 2
SOON_S, BEAT_S = 1.0, 0.1

Ends = list[TopicPartition]
Work = Callable[[Inserter, threading.Event], None]
StayAlive = Callable[[float, threading.Event], None]


class InsertPool:
    """Two threads, each with its own connections to ClickHouse. ``close`` it.

    Work is handed an event that is set when it must not be tried again.

    Args:
        settings: of this deployment.
        health: told of every attempt.
        stop: set when the sink is to end.
        stay_alive: answers the Kafka group for so many seconds.
    """

    def __init__(self, settings: Settings, health: Health, stop: threading.Event, stay_alive: StayAlive) -> None:
        self._stop, self._stay_alive = stop, stay_alive
        self._halt = threading.Event()
        self._idle = [Inserter(settings, health, sleep) for _ in range(LANES)]
        self._threads = ThreadPoolExecutor(LANES, "insert")
        self._under_way: deque[tuple[Future[None], Ends]] = deque()

    def begin(self, work: Work, ends: Ends) -> None:
        """Start on a batch; there is a free lane once ``finished(LANES - 1)`` is through."""
        self._under_way.append((self._threads.submit(self._run, work), ends))

    def finished(self, left: int) -> Iterator[Ends]:
        """The ends of batches, as they are done, until no more than ``left`` are under way; raises what they raised."""
        while self._under_way and (len(self._under_way) > left or self._under_way[0][0].done()):
            self._await(self._under_way[0][0])
            batch, ends = self._under_way.popleft()
            batch.result()
            yield ends

    def close(self) -> None:
        """Try nothing again, and end."""
        self._halt.set()
        self._threads.shutdown()
        for inserts in self._idle:
            inserts.close()

    def _run(self, work: Work) -> None:
        inserts = self._idle.pop()
        try:
            work(inserts, self._halt)
        finally:
            self._idle.append(inserts)

    def _await(self, batch: "Future[None]") -> None:
        """Until it is done. Soon, usually; if not, the group must hear of us meanwhile."""
        late = time.monotonic() + SOON_S
        while not wait([batch], BEAT_S).done:
            if self._stop.is_set():
                self._halt.set()
            elif time.monotonic() > late:
                self._stay_alive(BEAT_S, self._stop)


def sleep(seconds: float, halt: threading.Event) -> None:
    halt.wait(seconds)
