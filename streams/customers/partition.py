"""One partition of tenor.customers: many customers, their notes folded in the order of the log.

Exact after a crash at any moment: a profile carries the offset of its last note, so a note read again is skipped. An
erasure leaves a *mark* under a hash instead of the customer's id: nothing from a conversation opened before the erasure
is remembered after it, whether it still runs or is replayed. Expired profiles and marks are removed when a worker takes
the partition.
"""

from collections.abc import Mapping

import msgspec

from streams import ids
from streams.config.model import ProfileConfig
from streams.customers import profile
from streams.customers.profile import Note, Profile
from streams.signals.extraction import Signal

MARK = "\x00erased\x1f"  # no tenant or customer id holds a control character
DAY_MS = 86_400_000


class CustomerPartition:
    """Folds the notes of one partition.

    Args:
        stored: encoded profiles and marks by key as last written, live.

    Attributes:
        skipped: notes skipped: read again, or of a conversation opened before its customer was erased.
    """

    def __init__(self, config: ProfileConfig, stored: Mapping[str, bytes]) -> None:
        self._config, self._stored = config, stored
        self._changed: dict[str, Profile | None] = dict.fromkeys(find_expired(stored, config))
        self.skipped = 0

    def fold(self, note: Note, source: tuple[str, int, int]) -> Signal | None:
        """Fold one note; returns the profile signal, if the note requests one and a profile exists.

        Args:
            source: topic, partition and offset of the note.
        """
        key, mark_key = key_of(note), mark_key_of(note)
        known, mark = self._get(key), self._get(mark_key)
        if is_repeat(known or mark, source[2]) or is_erased(mark, note):
            self.skipped += 1
            return None
        if note["kind"] == "erased":
            self._erase(key, mark_key, Profile(note["event_time"], source[2]))
            return None
        return self._remember(key, known, note, source)

    def changes(self) -> list[tuple[str, bytes | None]]:
        """Writes since the last call, in an order that is safe to interrupt: marks, profiles, deletions.

        Otherwise a profile started after an erasure would count the erasure as already read.
        """
        changed = sorted(self._changed.items(), key=lambda item: (item[1] is None, not item[0].startswith(MARK)))
        self._changed = {}
        return [(key, None if value is None else profile.encode(value)) for key, value in changed]

    def _remember(self, key: str, known: Profile | None, note: Note, source: tuple[str, int, int]) -> Signal | None:
        after = profile.merge_note(known, note, self._config)
        if after is not None and after != known:
            self._changed[key] = after = msgspec.structs.replace(after, offset=source[2])
        if after is None or note["kind"] != "opened":
            return None
        return profile.profile_signal(after, note, source, self._config)

    def _erase(self, key: str, mark_key: str, mark: Profile) -> None:
        self._changed[mark_key] = mark
        self._changed[key] = None

    def _get(self, key: str) -> Profile | None:
        if key in self._changed:
            return self._changed[key]
        value = self._stored.get(key)
        return None if value is None else profile.decode(value)


def is_repeat(known: Profile | None, offset: int) -> bool:
    return known is not None and offset <= known.offset


def is_erased(mark: Profile | None, note: Note) -> bool:
    """Whether a note belongs to an erased conversation."""
    return mark is not None and note["kind"] != "erased" and note["opened_at"] <= mark.at


def key_of(note: Note) -> str:
    """Key of a customer's profile: two tenants may use the same customer id."""
    return ids.key(note["tenant"], note["customer_id"])


def mark_key_of(note: Note) -> str:
    """Key of an erasure's mark: not the id, though anyone who knows the id can find it."""
    return MARK + ids.stable_id("erased", note["tenant"], note["customer_id"])


def find_expired(stored: Mapping[str, bytes], config: ProfileConfig) -> list[str]:
    """Profiles without news for too long, and marks that no older note can reach."""
    times = {key: profile.read_learned_at(value) for key, value in stored.items()}
    newest = max((at for key, at in times.items() if not key.startswith(MARK)), default=0)
    return [key for key, at in times.items() if newest - at > retention_ms(key, config)]


def retention_ms(key: str, config: ProfileConfig) -> float:
    return (config.erased_days if key.startswith(MARK) else config.kept_days) * DAY_MS
