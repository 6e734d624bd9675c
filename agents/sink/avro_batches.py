"""What of a batch goes to ClickHouse as it came: records of our own, in the schema of this version.

Its fingerprint stands in front of every record, so that none needs decoding to tell. One of each batch is decoded all
the same, headers and all: whoever publishes what we cannot read is noticed by the first batch.
"""

from collections.abc import Sequence
from typing import NamedTuple

from confluent_kafka import Message

from agents.clickhouse.tables import TABLES, Table
from agents.kafka.consumed_record import from_message
from agents.kafka.record_reader import decode_or_none
from agents.sink.avro_container import file_of, statement
from agents.sink.inserter import Inserter
from schemas.codec import Codec
from schemas.records import Record, record
from schemas.topics import RECORD_OF, Name, Topics


class AvroBatch(NamedTuple):
    """Records of one table, and where their bodies begin."""

    table: Table
    record: Record
    messages: Sequence[Message]
    bodies: Sequence[bytes]

    def insert(self, inserts: Inserter) -> bool:
        """Whether ClickHouse has taken it; it was tried once."""
        file = file_of(self.record, self.bodies)
        return inserts.insert_file(self.table, statement(self.table, self.record), file, len(self.bodies))


class AvroBatches:
    """Takes one topic's records out of batches.

    Args:
        name: of the topic, one whose table says how columns follow from Avro.
        topics: of this deployment.
        codec: tells whose schema a record is written with.
    """

    def __init__(self, name: Name, topics: Topics, codec: Codec) -> None:
        self._topic, self._codec = topics.name(name), codec
        self._table, self._record = TABLES[name], record(RECORD_OF[name])
        self._prefix = b""

    def taken_out(self, messages: Sequence[Message]) -> tuple[AvroBatch | None, Sequence[Message]]:
        """What may go as it came, if anything, and the rest."""
        ours, bodies, rest = [], [], []
        for message in messages:
            body = self._body(message)
            if body is None:
                rest.append(message)
            else:
                ours.append(message)
                bodies.append(body)
        if not ours or not self._can_be_read(ours[-1]):
            return None, messages
        return AvroBatch(self._table, self._record, ours, bodies), rest

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

    def _can_be_read(self, message: Message) -> bool:
        return decode_or_none(self._codec, self._record, from_message(message)) is not None
