"""Changelog records: each carries the offset of the log its state is *as of*, and a reader never goes back.

A worker paused for longer than its session does not know that another worker owns its partition now, and may still
write the state of a conversation. That state is older than the one the new owner wrote, though it comes later in the
changelog. A state is a function of the log before its offset, so of two states of a key the one with the higher offset
wins, whoever wrote it and whenever.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from agents.kafka.async_producer import HeaderList
from agents.kafka.consumed_record import ConsumedRecord

AS_OF = "tenor-as-of"
NO_OFFSET = -1


def as_of_header(offset: int) -> HeaderList:
    """The header of a state as of this offset of its input log."""
    return [(AS_OF, b"%d" % offset)]


def read_as_of(headers: Iterable[tuple[str, bytes | None]]) -> int | None:
    """The offset in the header; None without one: written by hand, or by an early version."""
    values = [value for name, value in headers if name == AS_OF and value]
    return int(values[-1]) if values else None


class ChangelogCursor:
    """Tracks one partition of a changelog, and which of its records are current.

    Attributes:
        complete_as_of: offset as of which every key is written; NO_OFFSET before the first batch.
        stale: keys whose last changelog record is outdated. Write them again before compaction removes the current one.
    """

    def __init__(self) -> None:
        self.complete_as_of = NO_OFFSET
        self.stale: set[str] = set()
        self._as_of_keys: dict[str, int] = {}

    def accept(self, key: str, headers: Sequence[tuple[str, bytes | None]]) -> bool:
        """Read the next changelog record; whether it is current, not outdated."""
        offset = read_as_of(headers)
        if offset is None:
            return True
        if offset < self.as_of(key):
            self.stale.add(key)
            return False
        self._as_of_keys[key] = offset
        self.stale.discard(key)
        return True

    def as_of(self, key: str) -> int:
        """Offset as of which a key's state is; no record up to there may change it again."""
        return max(self.complete_as_of, self._as_of_keys.get(key, NO_OFFSET))

    @property
    def highest_as_of(self) -> int:
        """Highest offset of any key; NO_OFFSET for none."""
        return max(self.complete_as_of, *self._as_of_keys.values(), NO_OFFSET)

    def mark_written(self, offset: int) -> None:
        """All states of the batch that ends at ``offset`` are in the changelog."""
        self.complete_as_of = max(self.complete_as_of, offset)
        self._as_of_keys = {key: at for key, at in self._as_of_keys.items() if at > self.complete_as_of}
        self.stale.clear()


def recover_states(records: Iterable[ConsumedRecord]) -> dict[int, dict[str, bytes]]:
    """States by partition and key, as a worker recovers them from these changelog records."""
    states_by_partition: dict[int, dict[str, bytes]] = defaultdict(dict)
    cursors: dict[int, ChangelogCursor] = defaultdict(ChangelogCursor)
    for record in records:
        states, key = states_by_partition[record.partition], (record.key or b"").decode()
        if not cursors[record.partition].accept(key, record.headers):
            continue
        if record.value is None:
            states.pop(key, None)
        else:
            states[key] = record.value
    return states_by_partition
