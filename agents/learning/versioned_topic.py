"""A topic of versioned objects that signals refer to: text models and policies.

A version is in its topic before any signal refers to it. The topic is compacted by version, so ``tenor verify`` finds
every version that the workers used. A few versions are cached in memory; others are read again when needed.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from agents.common.errors import Failure
from agents.kafka import client, topic_reader
from agents.kafka.consumed_record import ConsumedRecord
from agents.settings.model import Settings

CACHE_SIZE = 8
PATIENCE_S = 15.0
POLL_S = 0.2

T = TypeVar("T")


class VersionedTopic(Generic[T]):
    """Looks up versions. One thread at a time may ``fetch``, while another reads cached versions.

    Args:
        topic: full name; it has one partition.
        read: from a record and its version to the object.
        label: name of the objects, for error messages.
        cache_size: versions kept in memory.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        read: Callable[[ConsumedRecord, str], T],
        label: str,
        cache_size: int = CACHE_SIZE,
    ) -> None:
        self._settings, self._read, self._label, self._cache_size = settings, read, label, cache_size
        self._position = (topic, 0)
        self._offsets: dict[str, int] = {}  # the last one is the newest
        self._read_to = 0
        self._cache: dict[str, T] = {}  # the oldest first

    def __call__(self, version: str) -> T:
        """The object of a version; ``Failure`` when it does not appear within ``PATIENCE_S``."""
        try:
            return self._cache[version]
        except KeyError:  # not ``in``: the other thread may drop it between
            value = self._load(version)
        self._remember(version, value)
        return value

    def fetch(self, versions: Iterable[str]) -> None:
        """Load these versions into the cache."""
        for version in versions:
            self(version)

    def newest(self) -> str | None:
        """The version published last; None before the first."""
        self._read_new()
        return next(reversed(self._offsets), None)

    def _load(self, version: str) -> T:
        deadline = time.monotonic() + PATIENCE_S
        while version not in self._offsets:
            self._read_new()
            if version not in self._offsets:
                if time.monotonic() > deadline:
                    raise self._missing(version)
                time.sleep(POLL_S)
        offset = self._offsets[version]
        record = next(self._records(offset, offset + 1), None)
        if record is None:
            raise self._missing(version)
        return self._read(record, version)

    def _read_new(self) -> None:
        """Read the offsets of versions published since the last call."""
        end = client.end_offsets(self._settings, [self._position])[self._position]
        for record in self._records(self._read_to, end):
            version = (record.key or b"").decode(errors="replace")
            self._offsets.pop(version, None)
            if record.value is not None:
                self._offsets[version] = record.offset
        self._read_to = end

    def _records(self, start: int, end: int) -> Iterator[ConsumedRecord]:
        return topic_reader.read_partition(self._settings, self._position, end, start)

    def _remember(self, version: str, value: T) -> None:
        self._cache[version] = value
        if len(self._cache) > self._cache_size:
            del self._cache[next(iter(self._cache))]

    def _missing(self, version: str) -> Failure:
        return Failure(
            f"The signals log uses {self._label} {version}, but {self._position[0]} does not hold it.",
            "Restore that topic: signals must be folded with the versions that the log names.",
        )
