"""Deadlines of the conversations of a partition, in the order they are due."""

from collections.abc import Callable, Iterator, Mapping
from heapq import heapify, heappop, heappush

from streams.state import NEVER


class DeadlineQueue:
    """When stream time next concerns each live conversation, milliseconds.

    Most events only move a deadline on. So a conversation has one entry in the heap, which is moved on when its time
    comes; an entry that an earlier one replaced is passed over.
    """

    def __init__(self, deadlines: Mapping[str, int]) -> None:
        self._due = dict(deadlines)
        self._queued = dict(deadlines)
        self._heap = [(at, key) for key, at in deadlines.items()]
        heapify(self._heap)

    def __len__(self) -> int:
        return len(self._due)

    def __iter__(self) -> Iterator[str]:
        return iter(self._due)

    def schedule(self, key: str, at: int) -> None:
        """Set or move the deadline of a conversation."""
        self._due[key] = at
        if at < self._queued.get(key, NEVER):
            self._enqueue(at, key)

    def cancel(self, key: str) -> None:
        """The conversation ended."""
        del self._due[key]
        self._queued.pop(key, None)

    def pop_due(self, now: int, skip: Callable[[str], bool]) -> Iterator[str]:
        """Keys that are due by ``now``, in order. Schedule or cancel each before asking for the next.

        Args:
            skip: keys whose deadline stays although it is due.
        """
        skipped: list[tuple[int, str]] = []
        while self._heap and self._heap[0][0] <= now:
            at, key = heappop(self._heap)
            if self._queued.get(key) != at:
                continue
            if skip(key):
                skipped.append((at, key))
                continue
            del self._queued[key]
            if self._due[key] > at:
                self._enqueue(self._due[key], key)
            else:
                yield key
        for entry in skipped:
            heappush(self._heap, entry)

    def _enqueue(self, at: int, key: str) -> None:
        self._queued[key] = at
        heappush(self._heap, (at, key))
