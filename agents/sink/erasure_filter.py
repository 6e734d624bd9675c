"""Who was forgotten, as the sink knows it: what is read again after it was erased is not stored again.

tenor.forgotten names customers and their conversations by hashes, and a moment. A row that names one of them, of
something that began no later, is left out. A conversation's rows have its id for a key, so that only what may have to
be left out need be decoded for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from confluent_kafka import Message

from agents.common.pseudonyms import pseudonymize
from agents.kafka.consumed_record import ConsumedRecord
from agents.kafka.partition_reader import PartitionReader
from agents.kafka.record_builder import headers_of
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.records import Datum, record
from schemas.topics import Name

FORGOTTEN = record("forgotten")
BEGAN = ("event_time", "decided_at", "opened_at")  # of an end, the beginning counts: silence may be told much later


class ErasureFilter:
    """Customers and conversations that are not stored again."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str, str], int] = {}  # by tenant, field and mark
        self._conversations: set[str] = set()

    def add(self, one: Datum) -> None:
        """Take in a record of tenor.forgotten."""
        self._conversations.update(one["conversations"])
        for name, found in (("customer_id", [one["customer"]]), ("conversation_id", one["conversations"])):
            for each in found:
                key = one["tenant"], name, each
                self._until[key] = max(one["until"], self._until.get(key, 0))

    def covers(self, row: Mapping[str, Any]) -> bool:
        """Whether a row is not to be stored."""
        if not self._until or row.get("conversation_id") is None:
            return False
        names = ("conversation_id", "customer_id")
        keys = ((row["tenant"], name, pseudonymize(row[name])) for name in names if row.get(name) is not None)
        began = min(row[name] for name in BEGAN if name in row)
        return any(began <= self._until.get(key, 0) for key in keys)

    def parted(self, messages: Sequence[Message]) -> tuple[Sequence[Message], Sequence[Message]]:
        """What nobody is forgotten in, and what must be looked at."""
        if not self._conversations:
            return messages, ()
        suspects = [pseudonymize(message.key() or b"") in self._conversations for message in messages]
        pairs = list(zip(messages, suspects, strict=True))
        return [one for one, suspect in pairs if not suspect], [one for one, suspect in pairs if suspect]


class ErasureTopicReader:
    """Follows tenor.forgotten from its first record on. ``close`` it.

    Args:
        forgotten: told of every record.
    """

    def __init__(self, settings: Settings, codec: Codec, forgotten: ErasureFilter) -> None:
        self._codec, self._forgotten = codec, forgotten
        topic = settings.topics.name(Name.FORGOTTEN)
        self._inputs = PartitionReader(settings, [topic], 0)
        self._take(self._inputs.take_until(self._inputs.ends(topic)))

    def follow(self) -> None:
        """Take in what has come."""
        self._take(self._inputs.take(0.0))

    def close(self) -> None:
        self._inputs.close()

    def _take(self, found: Iterable[ConsumedRecord]) -> None:
        for one in found:
            self._forgotten.add(self._codec.decode(FORGOTTEN, one.value, headers_of(one)))
