"""The sink: writes Kafka records to ClickHouse as rows. A plain consumer, not a Faust agent.

Poll a batch, publish dead letters, insert, commit, each acknowledged before the next. After a crash the batch is read
again; rows have deterministic ids, so duplicates collapse. The next batch is read while one is inserted, and is
committed after it.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import structlog
from confluent_kafka import Message

from agents.clickhouse import migrate
from agents.clickhouse.tables import TABLES, Row, Table
from agents.common.clock import now_ms
from agents.common.health import Health
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.consumed_record import ConsumedRecord, from_message
from agents.kafka.producer import Producer
from agents.kafka.record_builder import build_dead_letter
from agents.kafka.record_reader import decode, decode_checked
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from agents.sink.avro_batches import AvroBatch, AvroBatchSplitter
from agents.sink.consumer import SinkConsumer
from agents.sink.dead_letter_table import DEAD_LETTERS
from agents.sink.erasure_filter import ErasureFilter, ErasureTopicReader
from agents.sink.insert_pool import POOL_SIZE, InsertPool
from agents.sink.inserter import Inserter, InsertInterrupted
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import Datum, record
from schemas.topics import RECORD_OF, WITH_DEAD_LETTERS, Name, Topics

log = structlog.get_logger(__name__)

Batch = Mapping[Table, list[Row]]


class CorruptRecordError(Exception):
    """A record of a topic that only Tenor writes cannot be read: a bug, or a foreign writer."""


class Sink:
    """Moves records into ClickHouse until it is stopped.

    Args:
        settings: the deployment's settings.
        codec: decodes the records; None for the deployment's.
        clock: this process's time, milliseconds; a rating far from it is refused.
    """

    def __init__(self, settings: Settings, codec: Codec | None = None, clock: Callable[[], int] = now_ms) -> None:
        self.settings = settings
        self.health = Health(settings.stall_s)
        self._codec = codec or codec_for(settings)
        self._clock = clock
        self._sources = source_topics(settings.topics)
        self._compacted = {settings.topics.name(name) for name in (Name.POLICY, Name.ALERT_COMMANDS)}
        self._dead_letters = {settings.topics.dead_letters(name) for name in WITH_DEAD_LETTERS}
        avro_topics = (
            [name for name in TABLES if TABLES[name].from_avro is not None] if settings.clickhouse_http_port else []
        )
        self._producer_lock = threading.Lock()
        self._erasure_filter = ErasureFilter()
        self._avro_splitters = [AvroBatchSplitter(name, settings.topics, self._codec) for name in avro_topics]

    def run(self, stop: threading.Event) -> None:
        """Run until ``stop`` is set; batches being inserted are completed and committed.

        ``Failure`` when Kafka or ClickHouse cannot be used, or inserts fail for ``sink_patience_s``.
        """
        topics.require_all(self.settings)
        migrate.require_current(self.settings)
        erasures = ErasureTopicReader(self.settings, self._codec, self._erasure_filter)
        consumer = SinkConsumer(self.settings, [*self._sources, *self._dead_letters], self.health.set_ready)
        producer = Producer(self.settings)
        pool = InsertPool(self.settings, self.health, stop, consumer.keep_membership)
        try:
            while not stop.is_set():
                commit_inserted(consumer, pool, POOL_SIZE - 1)
                erasures.read_new()
                self._step(consumer, producer, pool, stop)
            commit_inserted(consumer, pool, 0)
        except InsertInterrupted:
            log.warning("stopped while ClickHouse is unavailable; the next sink reads the batch again")
        finally:
            self.health.set_ready(False)
            pool.close()
            consumer.close()
            erasures.close()

    def _step(self, consumer: SinkConsumer, producer: Producer, pool: InsertPool, stop: threading.Event) -> None:
        messages, ends = consumer.poll_batch(stop)
        if not messages and not ends:
            return
        avro_batches, rest = self._split_avro(messages)
        batch = self._convert(map(from_message, rest), producer)
        pool.submit(partial(self._insert, avro_batches, batch, producer), ends)

    def _split_avro(self, messages: Sequence[Message]) -> tuple[list[AvroBatch], Sequence[Message]]:
        """Batches that ClickHouse decodes, and the remaining messages."""
        avro_batches = []
        messages, suspects = self._erasure_filter.split_suspects(messages)
        for splitter in self._avro_splitters:
            avro_batch, messages = splitter.split(messages)
            avro_batches += [avro_batch] if avro_batch else []
        return avro_batches, [*messages, *suspects]

    def _insert(
        self,
        avro_batches: Iterable[AvroBatch],
        batch: Batch,
        producer: Producer,
        inserter: Inserter,
        halt: threading.Event,
    ) -> None:
        """Insert a whole batch; runs in a thread of the pool."""
        for avro_batch in avro_batches:
            if not avro_batch.insert(inserter):
                insert_rows(self._convert(map(from_message, avro_batch.messages), producer), inserter, halt)
        insert_rows(batch, inserter, halt)

    def _convert(self, messages: Iterable[ConsumedRecord], producer: Producer) -> Batch:
        """Rows by table; dead letters are acknowledged by the broker when this returns."""
        batch, letters = self.to_rows(messages)
        with self._producer_lock:  # threads of the pool send dead letters, too
            producer.send(letters)
        return batch

    def to_rows(self, received: Iterable[ConsumedRecord]) -> tuple[Batch, list[OutgoingRecord]]:
        """Rows by table, and dead letters for records that cannot become a row."""
        batch: dict[Table, list[Row]] = defaultdict(list)
        letters: list[OutgoingRecord] = []
        for message in received:
            if message.value is None and message.topic in self._compacted:
                continue  # a tombstone in a compacted topic removes nothing from ClickHouse
            try:
                table, row = self._to_row(message)
                if not self._erasure_filter.is_erased(row):
                    batch[table].append(row)
            except Rejected as refusal:
                letters.append(self._dead_letter(message, refusal))
        return batch, letters

    def _to_row(self, message: ConsumedRecord) -> tuple[Table, Row]:
        if message.topic in self._dead_letters:
            return DEAD_LETTERS, DEAD_LETTERS.row(message)
        name = self._sources[message.topic]
        datum = self._decode_rating(message) if name == Name.RATINGS else self._decode(name, message)
        return TABLES[name], TABLES[name].row(datum)

    def _decode(self, name: Name, message: ConsumedRecord) -> Datum:
        return decode(self._codec, record(RECORD_OF[name]), message)

    def _decode_rating(self, message: ConsumedRecord) -> Datum:
        """Ratings come from outside and are validated here first."""
        return decode_checked(self._codec, "rating", message, self.settings.limits, self._clock())

    def _dead_letter(self, message: ConsumedRecord, refusal: Rejected) -> OutgoingRecord:
        if self._sources[message.topic] not in WITH_DEAD_LETTERS:
            position = f"{message.topic}, partition {message.partition}, offset {message.offset}"
            raise CorruptRecordError(f"{position}: {refusal}") from refusal
        return build_dead_letter(message, refusal, "sink")


def commit_inserted(consumer: SinkConsumer, pool: InsertPool, max_pending: int) -> None:
    """Wait until at most ``max_pending`` batches are being inserted, and commit the inserted ones."""
    for ends in pool.completed(max_pending):
        consumer.commit(ends)


def insert_rows(batch: Batch, inserter: Inserter, halt: threading.Event) -> None:
    for table, rows in batch.items():
        inserter.insert(table, rows, halt)


def source_topics(topics: Topics) -> dict[str, Name]:
    """Topics whose records become rows, by full name."""
    return {topics.name(name): name for name in TABLES}
