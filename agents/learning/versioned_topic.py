"""What signals name and another topic holds: versions of the text model, and of the policy.

A version is in its topic before any signal names it. The topic is compacted under the version, so nothing that may
still be named is lost, and ``tenor verify`` finds what the workers had. Few are kept in memory; the others are read
again when they are asked for.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from agents.common.errors import Failure
from agents.kafka import client, topic_reader
from agents.kafka.consumed_record import ConsumedRecord
from agents.settings.model import Settings

KEPT = 8
PATIENCE_S = 15.0
AGAIN_S = 0.2

T = TypeVar("T")


class VersionedTopic(Generic[T]):
    """Looks versions up. One thread at a time may ``fetch``, while another asks for what is at hand.

    Args:
        topic: full name; it has one partition.
        read: from a record and the version it stands under to what it holds.
        what: name of what it holds, for people.
        kept: versions kept in memory.
    """

    def __init__(
        self, settings: Settings, topic: str, read: Callable[[ConsumedRecord, str], T], what: str, kept: int = KEPT
    ) -> None:
        self._settings, self._read, self._what, self._kept = settings, read, what, kept
        self._position = (topic, 0)
        self._places: dict[str, int] = {}  # the last one is the newest
        self._read_to = 0
        self._known: dict[str, T] = {}  # the first one has been known for longest

    def __call__(self, version: str) -> T:
        """What a version holds; ``Failure`` when it is nowhere, after some waiting."""
        try:
            return self._known[version]
        except KeyError:  # not ``in``: the other thread may drop it between
            found = self._found(version)
        self._keep(version, found)
        return found

    def fetch(self, versions: Iterable[str]) -> None:
        """Have these at hand."""
        for version in versions:
            self(version)

    def newest(self) -> str | None:
        """Version that was published last; None before the first."""
        self._look()
        return next(reversed(self._places), None)

    def _found(self, version: str) -> T:
        deadline = time.monotonic() + PATIENCE_S
        while version not in self._places:
            self._look()
            if version not in self._places:
                if time.monotonic() > deadline:
                    raise self._missing(version)
                time.sleep(AGAIN_S)
        place = self._places[version]
        record = next(self._records(place, place + 1), None)
        if record is None:
            raise self._missing(version)
        return self._read(record, version)

    def _look(self) -> None:
        """See which versions have come, and where they stand."""
        end = client.end_offsets(self._settings, [self._position])[self._position]
        for record in self._records(self._read_to, end):
            version = (record.key or b"").decode(errors="replace")
            self._places.pop(version, None)
            if record.value is not None:
                self._places[version] = record.offset
        self._read_to = end

    def _records(self, start: int, end: int) -> Iterator[ConsumedRecord]:
        return topic_reader.read_partition(self._settings, self._position, end, start)

    def _keep(self, version: str, found: T) -> None:
        self._known[version] = found
        if len(self._known) > self._kept:
            del self._known[next(iter(self._known))]

    def _missing(self, version: str) -> Failure:
        return Failure(
            f"the signals log goes on with the {self._what} {version}, and {self._position[0]} does not hold it",
            "restore that topic: nothing may be folded with anything else than the log says",
        )
