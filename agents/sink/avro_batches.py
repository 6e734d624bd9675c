"""Records that go to ClickHouse undecoded: Tenor's own, in the schema of this version.

The schema's fingerprint precedes every record, so no record is decoded to check it. One record of each batch is
decoded all the same, headers included, so a writer whose records cannot be read is noticed in the first batch.
"""

from collections.abc import Sequence
from typing import NamedTuple

from confluent_kafka import Message

from agents.clickhouse.tables import TABLES, Table
from agents.kafka.consumed_record import from_message
from agents.kafka.record_reader import decode_or_none
from agents.sink.avro_container import build_file, insert_statement
from agents.sink.inserter import Inserter
from schemas.codec import Codec
from schemas.records import Record, record
from schemas.topics import RECORD_OF, Name, Topics


class AvroBatch(NamedTuple):
    """Records of one table, and their Avro bodies without the prefix."""

    table: Table
    record: Record
    messages: Sequence[Message]
    bodies: Sequence[bytes]

    def insert(self, inserter: Inserter) -> bool:
        """Insert once; whether ClickHouse acknowledged it."""
        file = build_file(self.record, self.bodies)
        return inserter.insert_file(self.table, insert_statement(self.table, self.record), file, len(self.bodies))


class AvroBatchSplitter:
    """Splits one topic's undecoded records from the rest of a batch.

    Args:
        name: the topic; its table says how columns follow from Avro fields.
        topics: topic names of this deployment.
        codec: knows the schema a record is written with.
    """

    def __init__(self, name: Name, topics: Topics, codec: Codec) -> None:
        self._topic, self._codec = topics.name(name), codec
        self._table, self._record = TABLES[name], record(RECORD_OF[name])
        self._prefix = b""

    def split(self, messages: Sequence[Message]) -> tuple[AvroBatch | None, Sequence[Message]]:
        """The records to insert undecoded, None for none, and the rest."""
        avro, bodies, rest = [], [], []
        for message in messages:
            body = self._body(message)
            if body is None:
                rest.append(message)
            else:
                avro.append(message)
                bodies.append(body)
        if not avro or not self._is_readable(avro[-1]):
            return None, messages
        return AvroBatch(self._table, self._record, avro, bodies), rest

    def _body(self, message: Message) -> bytes | None:
        value = message.value()
        if not value or message.topic() != self._topic:
            return None
        if not self._prefix or not value.startswith(self._prefix):
            start = self._codec.body_start(self._record, value)
            if start is None:
                return None
            self._prefix = value[:start]
        return value[len(self._prefix) :]

    def _is_readable(self, message: Message) -> bool:
        return decode_or_none(self._codec, self._record, from_message(message)) is not None
