"""The sink: what Kafka carries, as rows in ClickHouse. Not a Faust agent but a plain consumer.

Batch, dead letters, insert, commit, each acknowledged before the next. A crash anywhere in between reads the batch
again; rows carry deterministic ids, so what is inserted twice collapses. The next batch is read while one is inserted,
and committed after it.
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
from agents.sink.avro_batches import AvroBatch, AvroBatches
from agents.sink.consumer import SinkConsumer
from agents.sink.dead_letter_table import DEAD_LETTERS
from agents.sink.erasure_filter import ErasureFilter, ErasureTopicReader
from agents.sink.insert_pool import LANES, InsertPool
from agents.sink.inserter import Inserter, InsertInterrupted
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import Datum, record
from schemas.topics import RECORD_OF, WITH_DEAD_LETTERS, Name, Topics

log = structlog.get_logger(__name__)

Batch = Mapping[Table, list[Row]]


class CorruptRecordError(Exception):
    """A record that only Tenor writes cannot be read: a bug, or somebody else writes to our topics."""


class Sink:
    """Moves records into ClickHouse until it is told to stop.

    Args:
        settings: of this deployment.
        codec: reads the records; None takes the deployment's.
        clock: this process's time, milliseconds; a rating far from it is refused.
    """

    def __init__(self, settings: Settings, codec: Codec | None = None, clock: Callable[[], int] = now_ms) -> None:
        self.settings = settings
        self.health = Health(settings.stall_s)
        self._codec = codec or codec_for(settings)
        self._clock = clock
        self._sources = sources(settings.topics)
        self._compacted = {settings.topics.name(name) for name in (Name.POLICY, Name.ALERT_COMMANDS)}
        self._dead_letters = {settings.topics.dead_letters(name) for name in WITH_DEAD_LETTERS}
        as_they_came = (
            [name for name in TABLES if TABLES[name].from_avro is not None] if settings.clickhouse_http_port else []
        )
        self._producer_lock = threading.Lock()
        self._forgotten = ErasureFilter()
        self._avro = [AvroBatches(name, settings.topics, self._codec) for name in as_they_came]

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; the batch under way is finished and committed.

        ``Failure`` when Kafka or ClickHouse cannot be used, or ClickHouse takes nothing for ``sink_patience_s``.
        """
        topics.require_all(self.settings)
        migrate.require_current(self.settings)
        forgotten = ErasureTopicReader(self.settings, self._codec, self._forgotten)
        intake = SinkConsumer(self.settings, [*self._sources, *self._dead_letters], self.health.set_ready)
        producer = Producer(self.settings)
        lanes = InsertPool(self.settings, self.health, stop, intake.stay_alive)
        try:
            while not stop.is_set():
                commit(intake, lanes, LANES - 1)
                forgotten.follow()
                self._step(intake, producer, lanes, stop)
            commit(intake, lanes, 0)
        except InsertInterrupted:
            log.warning("stopped while ClickHouse takes nothing; the batch is read again by the next sink")
        finally:
            self.health.set_ready(False)
            lanes.close()
            intake.close()
            forgotten.close()

    def _step(self, intake: SinkConsumer, producer: Producer, lanes: InsertPool, stop: threading.Event) -> None:
        messages, ends = intake.take(stop)
        if not messages and not ends:
            return
        files, rest = self._as_they_came(messages)
        batch = self._read(map(from_message, rest), producer)
        lanes.begin(partial(self._insert, files, batch, producer), ends)

    def _as_they_came(self, messages: Sequence[Message]) -> tuple[list[AvroBatch], Sequence[Message]]:
        """What ClickHouse reads itself, and the rest."""
        files = []
        messages, suspects = self._forgotten.parted(messages)
        for one in self._avro:
            file, messages = one.taken_out(messages)
            files += [file] if file else []
        return files, [*messages, *suspects]

    def _insert(
        self, files: Iterable[AvroBatch], batch: Batch, producer: Producer, inserts: Inserter, halt: threading.Event
    ) -> None:
        """In a lane: a batch, all of it."""
        for file in files:
            if not file.insert(inserts):
                insert_rows(self._read(map(from_message, file.messages), producer), inserts, halt)
        insert_rows(batch, inserts, halt)

    def _read(self, messages: Iterable[ConsumedRecord], producer: Producer) -> Batch:
        """Rows by table; the dead letters are with the broker when this returns."""
        batch, letters = self.read(messages)
        with self._producer_lock:  # a lane may have some too
            producer.send(letters)
        return batch

    def read(self, received: Iterable[ConsumedRecord]) -> tuple[Batch, list[OutgoingRecord]]:
        """Rows by table, and dead letters for what cannot be a row."""
        batch: dict[Table, list[Row]] = defaultdict(list)
        letters: list[OutgoingRecord] = []
        for message in received:
            if message.value is None and message.topic in self._compacted:
                continue  # what was removed from a compacted topic stays in ClickHouse
            try:
                table, row = self._row(message)
                if not self._forgotten.covers(row):
                    batch[table].append(row)
            except Rejected as refusal:
                letters.append(self._refused(message, refusal))
        return batch, letters

    def _row(self, message: ConsumedRecord) -> tuple[Table, Row]:
        if message.topic in self._dead_letters:
            return DEAD_LETTERS, DEAD_LETTERS.row(message)
        name = self._sources[message.topic]
        datum = self._rating(message) if name == Name.RATINGS else self._decoded(name, message)
        return TABLES[name], TABLES[name].row(datum)

    def _decoded(self, name: Name, message: ConsumedRecord) -> Datum:
        return decode(self._codec, record(RECORD_OF[name]), message)

    def _rating(self, message: ConsumedRecord) -> Datum:
        """Ratings come from outside, and nobody has checked them before us."""
        return decode_checked(self._codec, "rating", message, self.settings.limits, self._clock())

    def _refused(self, message: ConsumedRecord, refusal: Rejected) -> OutgoingRecord:
        if self._sources[message.topic] not in WITH_DEAD_LETTERS:
            position = f"{message.topic}, partition {message.partition}, offset {message.offset}"
            raise CorruptRecordError(f"{position}: {refusal}") from refusal
        return build_dead_letter(message, refusal, "sink")


def commit(intake: SinkConsumer, lanes: InsertPool, left: int) -> None:
    """Commit what is inserted, once no more than ``left`` batches are under way."""
    for ends in lanes.finished(left):
        intake.commit(ends)


def insert_rows(batch: Batch, inserts: Inserter, halt: threading.Event) -> None:
    for table, rows in batch.items():
        inserts.insert(table, rows, halt)


def sources(names: Topics) -> dict[str, Name]:
    """Topics whose records are rows, by full name."""
    return {names.name(name): name for name in TABLES}
