"""A consumer that must be the only member of its group, with explicit commits."""

import time
from collections.abc import Sequence

import structlog
from confluent_kafka import Consumer, TopicPartition

from agents.common.errors import Failure
from agents.kafka import client
from agents.kafka.commit import CommitUnavailable, commit
from agents.kafka.consumed_record import ConsumedRecord, from_message
from agents.settings.model import Settings

log = structlog.get_logger(__name__)

BATCH_RECORDS = 500
# How long to wait for another process to leave, in session timeouts. A dead process stays a member for one session
# timeout. The newcomer gives up before the incumbent.
NEWCOMER_SESSIONS, INCUMBENT_SESSIONS = 4.0, 10.0


class ExclusiveConsumer:
    """Reads every partition of some topics, or none.

    A newcomer that does not get every partition ends with a ``Failure``; the incumbent waits for it to leave.

    Args:
        settings: of this deployment.
        topics: full names.
        group: consumer group.
        role: what this process is called in messages, as ``learner``.

    Attributes:
        owns_all: whether every partition is assigned to this process.
    """

    def __init__(self, settings: Settings, topics: Sequence[str], group: str, role: str) -> None:
        self._role, self._settings, self._topics = role, settings, list(topics)
        self._session_s = settings.session_timeout_s
        self._next: dict[tuple[str, int], int] = {}
        self._done: dict[tuple[str, int], int] = {}
        self._shared_since: float | None = None
        self._patience_sessions = NEWCOMER_SESSIONS
        self.owns_all = False
        self._consumer = Consumer(client.idle_consumer_config(settings, group))
        callbacks = {"on_assign": self._on_assign, "on_revoke": self._on_revoke, "on_lost": self._on_lost}
        self._consumer.subscribe(list(topics), **callbacks)

    def take(self, wait_s: float) -> list[ConsumedRecord]:
        """New records; none while another process holds partitions. ``Failure`` when it does not leave."""
        records = [from_message(message) for message in self._consumer.consume(BATCH_RECORDS, wait_s)]
        self._require_ownership()
        fresh = [record for record in records if record.offset >= self._next.get((record.topic, record.partition), 0)]
        self._next |= {(record.topic, record.partition): record.offset + 1 for record in fresh}
        return fresh

    def mark_done(self, record: ConsumedRecord) -> None:
        """This record is processed: the next ``commit`` includes it."""
        self.mark_done_to((record.topic, record.partition), record.offset + 1)

    def mark_done_to(self, position: client.Position, end: int) -> None:
        """Every record of a partition before the offset ``end`` is processed."""
        self._done[position] = end

    def commit(self) -> None:
        """Commit what was marked done; kept for the next call while the group's coordinator is moving."""
        if not self._done or not self.owns_all:
            return
        offsets = [TopicPartition(*position, end) for position, end in self._done.items()]
        try:
            commit(self._consumer, offsets)
        except CommitUnavailable as error:
            log.info("offsets not committed yet", role=self._role, reason=str(error))
            return
        self._done.clear()

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _require_ownership(self) -> None:
        if (
            self._shared_since is None
            or time.monotonic() - self._shared_since < self._patience_sessions * self._session_s
        ):
            return
        raise Failure(f"Another {self._role} is running in this deployment; only one can.", "Stop one of them.")

    def _count(self) -> int:
        """How many partitions there are now: some may have been added."""
        return len(client.partitions_of(self._settings, self._topics))

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.owns_all = len(partitions) == self._count()
        consumer.assign(partitions)
        if self.owns_all:
            consumer.resume(partitions)
            self._shared_since, self._patience_sessions = None, INCUMBENT_SESSIONS
        else:
            consumer.pause(partitions)
            self._shared_since = self._shared_since or time.monotonic()
            log.warning(
                "another process holds partitions; waiting for it to leave", role=self._role, have=len(partitions)
            )

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.owns_all = False

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """The session timed out, as when a process was paused: the process that took over is the incumbent."""
        self.owns_all, self._patience_sessions = False, NEWCOMER_SESSIONS
