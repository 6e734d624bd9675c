"""The sink: what Kafka carries, as rows in ClickHouse. Not a Faust agent but a plain consumer.

Batch, dead letters, insert, commit, each acknowledged before the next. A crash anywhere in between reads the batch
again; rows carry deterministic ids, so what is inserted twice collapses.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import structlog

from agents import migrate, topics
from agents.clock import now_ms
from agents.dead_letter_queue import DeadLetterQueue
from agents.dead_letters import DEAD_LETTERS
from agents.health import Health
from agents.inserts import Inserts, Stopped
from agents.intake import Intake
from agents.outbox import Outgoing
from agents.publishing import headers_of, refused
from agents.received import Received
from agents.registry import codec_for
from agents.rows import TABLES, Row, Table
from agents.settings import Settings
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import Datum, record
from schemas.topics import RECORD_OF, WITH_DEAD_LETTERS, Name, Topics
from schemas.validation import check, check_size

log = structlog.get_logger(__name__)

Batch = Mapping[Table, list[Row]]


class OwnRecordBroken(Exception):
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
        self._compacted = {settings.topics.name(name) for name in (Name.POLICY, Name.WORDING)}
        self._dead_letters = {settings.topics.dead_letters(name) for name in WITH_DEAD_LETTERS}

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; the batch under way is finished and committed.

        ``Failure`` when Kafka or ClickHouse cannot be used, or ClickHouse takes nothing for ``sink_patience_s``.
        """
        topics.require_all(self.settings)
        migrate.require_current(self.settings)
        intake = Intake(self.settings, [*self._sources, *self._dead_letters], self.health.set_ready)
        queue = DeadLetterQueue(self.settings)
        inserts = Inserts(self.settings, self.health, intake.stay_alive)
        try:
            while not stop.is_set():
                self._step(intake, queue, inserts, stop)
        except Stopped:
            log.warning("stopped while ClickHouse takes nothing; the batch is read again by the next sink")
        finally:
            self.health.set_ready(False)
            inserts.close()
            intake.close()

    def _step(self, intake: Intake, queue: DeadLetterQueue, inserts: Inserts, stop: threading.Event) -> None:
        received = intake.take(stop)
        if not received:
            return
        batch, letters = self.read(received)
        queue.send(letters)
        for table, rows in batch.items():
            inserts.insert(table, rows, stop)
        intake.commit(received)

    def read(self, received: Iterable[Received]) -> tuple[Batch, list[Outgoing]]:
        """Rows by table, and dead letters for what cannot be a row."""
        batch: dict[Table, list[Row]] = defaultdict(list)
        letters: list[Outgoing] = []
        for message in received:
            if message.value is None and message.topic in self._compacted:
                continue  # what was removed from a compacted topic stays in ClickHouse
            try:
                table, row = self._row(message)
                batch[table].append(row)
            except Rejected as refusal:
                letters.append(self._refused(message, refusal))
        return batch, letters

    def _row(self, message: Received) -> tuple[Table, Row]:
        if message.topic in self._dead_letters:
            return DEAD_LETTERS, DEAD_LETTERS.row(message)
        name = self._sources[message.topic]
        datum = self._rating(message) if name == Name.RATINGS else self._decoded(name, message)
        return TABLES[name], TABLES[name].row(datum)

    def _decoded(self, name: Name, message: Received) -> Datum:
        return self._codec.decode(record(RECORD_OF[name]), message.value, headers_of(message))

    def _rating(self, message: Received) -> Datum:
        """Ratings come from outside, and nobody has checked them before us."""
        check_size(message.value, self.settings.limits)
        datum = self._decoded(Name.RATINGS, message)
        check("rating", datum, self._clock(), self.settings.limits)
        return datum

    def _refused(self, message: Received, refusal: Rejected) -> Outgoing:
        if self._sources[message.topic] not in WITH_DEAD_LETTERS:
            position = f"{message.topic}, partition {message.partition}, offset {message.offset}"
            raise OwnRecordBroken(f"{position}: {refusal}") from refusal
        return refused(message, refusal, "sink")


def sources(names: Topics) -> dict[str, Name]:
    """Topics whose records are rows, by full name."""
    return {names.name(name): name for name in TABLES}
