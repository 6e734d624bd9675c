"""The erasure filter: rows of erased customers that are read again are not stored again.

A record of tenor.forgotten has the hashes of a customer and their conversations, and a time. A row with one of these
ids that began no later than that time is dropped. Records of a conversation are keyed by its id, so only records with
an erased key are decoded to check.
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
START_TIMES = ("event_time", "decided_at", "opened_at")  # the earliest counts: an outcome may come long after


class ErasureFilter:
    """Erased customers and conversations, by tenant and pseudonym."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str, str], int] = {}  # by tenant, field and pseudonym
        self._conversations: set[str] = set()

    def add(self, datum: Datum) -> None:
        """Add a record of tenor.forgotten."""
        self._conversations.update(datum["conversations"])
        for name, pseudonyms in (("customer_id", [datum["customer"]]), ("conversation_id", datum["conversations"])):
            for pseudonym in pseudonyms:
                key = datum["tenant"], name, pseudonym
                self._until[key] = max(datum["until"], self._until.get(key, 0))

    def is_erased(self, row: Mapping[str, Any]) -> bool:
        """Whether a row belongs to an erased customer or conversation, and must not be stored."""
        if not self._until or row.get("conversation_id") is None:
            return False
        names = ("conversation_id", "customer_id")
        keys = ((row["tenant"], name, pseudonymize(row[name])) for name in names if row.get(name) is not None)
        began = min(row[name] for name in START_TIMES if name in row)
        return any(began <= self._until.get(key, 0) for key in keys)

    def split_suspects(self, messages: Sequence[Message]) -> tuple[Sequence[Message], Sequence[Message]]:
        """Messages that may be stored unchecked, and messages with the key of an erased conversation."""
        if not self._conversations:
            return messages, ()
        flags = [pseudonymize(message.key() or b"") in self._conversations for message in messages]
        pairs = list(zip(messages, flags, strict=True))
        unchecked = [message for message, is_suspect in pairs if not is_suspect]
        return unchecked, [message for message, is_suspect in pairs if is_suspect]


class ErasureTopicReader:
    """Reads tenor.forgotten from its first record into an erasure filter. ``close`` it.

    Args:
        erasure_filter: gets every record.
    """

    def __init__(self, settings: Settings, codec: Codec, erasure_filter: ErasureFilter) -> None:
        self._codec, self._filter = codec, erasure_filter
        topic = settings.topics.name(Name.FORGOTTEN)
        self._inputs = PartitionReader(settings, [topic], 0)
        self._add(self._inputs.take_until(self._inputs.ends(topic)))

    def read_new(self) -> None:
        """Add the records that arrived since the last call."""
        self._add(self._inputs.take(0.0))

    def close(self) -> None:
        self._inputs.close()

    def _add(self, messages: Iterable[ConsumedRecord]) -> None:
        for message in messages:
            self._filter.add(self._codec.decode(FORGOTTEN, message.value, headers_of(message)))
