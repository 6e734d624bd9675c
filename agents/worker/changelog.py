"""The changelog's records: each says *as of* which offset of the log it is, and who reads it never goes back.

A worker that was paused for longer than its session does not know that another one folds its partition by now, and may
still write the state of a conversation. It is an older one than what the other wrote, though it stands behind it. The
offset tells: a state is a function of the log before it, so of two states of a key the one as of the higher offset
counts, whoever wrote it and whenever.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from agents.kafka.async_producer import HeaderList
from agents.kafka.consumed_record import ConsumedRecord

AS_OF = "tenor-as-of"
NOWHERE = -1


def as_of_header(offset: int) -> HeaderList:
    """The header of a state that is true as of this offset of the log it follows from."""
    return [(AS_OF, b"%d" % offset)]


def as_of(headers: Iterable[tuple[str, bytes | None]]) -> int | None:
    """What the header says; None where there is none: written by hand, or by an early version."""
    found = [value for name, value in headers if name == AS_OF and value]
    return int(found[-1]) if found else None


class ChangelogCursor:
    """Which of one partition's records count.

    Attributes:
        wholly: offset as of which every key is; NOWHERE before the first run.
        stale: keys whose last record in the changelog does not count: they must be written again before it is
            compacted.
    """

    def __init__(self) -> None:
        self.wholly = NOWHERE
        self.stale: set[str] = set()
        self._read: dict[str, int] = {}

    def counts(self, key: str, headers: Sequence[tuple[str, bytes | None]]) -> bool:
        """Take in the next record of the changelog: whether it counts."""
        offset = as_of(headers)
        if offset is None:
            return True
        if offset < self.as_of(key):
            self.stale.add(key)
            return False
        self._read[key] = offset
        self.stale.discard(key)
        return True

    def as_of(self, key: str) -> int:
        """Offset as of which a key's state is; nothing up to there may change it again."""
        return max(self.wholly, self._read.get(key, NOWHERE))

    @property
    def reached(self) -> int:
        """Highest offset as of which any key is; NOWHERE for none."""
        return max(self.wholly, *self._read.values(), NOWHERE)

    def written(self, offset: int) -> None:
        """A run that ends at ``offset`` is in the changelog, all of it."""
        self.wholly = max(self.wholly, offset)
        self._read = {key: at for key, at in self._read.items() if at > self.wholly}
        self.stale.clear()


def recovered(records: Iterable[ConsumedRecord]) -> dict[int, dict[str, bytes]]:
    """States by partition and key, as a worker that starts now would recover them from these records."""
    found: dict[int, dict[str, bytes]] = defaultdict(dict)
    readings: dict[int, ChangelogCursor] = defaultdict(ChangelogCursor)
    for one in records:
        states, key = found[one.partition], (one.key or b"").decode()
        if not readings[one.partition].counts(key, one.headers):
            continue
        if one.value is None:
            states.pop(key, None)
        else:
            states[key] = one.value
    return found
