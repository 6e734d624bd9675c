"""Topics one process reads alone: the only member of its group, offsets committed once what follows is out."""

import time
from collections.abc import Sequence

import structlog
from confluent_kafka import Consumer, TopicPartition

from agents.common.errors import Failure
from agents.kafka import client
from agents.kafka.commit import CommitUnavailable, commit
from agents.kafka.consumed_record import ConsumedRecord, received
from agents.settings.model import Settings

log = structlog.get_logger(__name__)

CHUNK = 500
# In session timeouts. Who died is still a member for one; a newcomer gives way before the one that was there.
NEWCOMER, INCUMBENT = 4.0, 10.0


class ExclusiveConsumer:
    """Reads topics, all of them or nothing.

    A newcomer that does not get every partition leaves with a sentence; who had them all waits for it to leave.

    Args:
        settings: of this deployment.
        topics: full names.
        group: consumer group.
        who: reads, in a word: only one may.

    Attributes:
        whole: whether every partition is ours.
    """

    def __init__(self, settings: Settings, topics: Sequence[str], group: str, who: str) -> None:
        self._who, self._settings, self._topics = who, settings, list(topics)
        self._session_s = settings.session_timeout_s
        self._next: dict[tuple[str, int], int] = {}
        self._settled: dict[tuple[str, int], int] = {}
        self._parted: float | None = None
        self._patience = NEWCOMER
        self.whole = False
        self._consumer = Consumer(client.patient(settings, group))
        heard = {"on_assign": self._assigned, "on_revoke": self._revoked, "on_lost": self._lost}
        self._consumer.subscribe(list(topics), **heard)

    def take(self, wait_s: float) -> list[ConsumedRecord]:
        """Records that were not taken before, none while another process holds some. ``Failure`` when it stays."""
        found = [received(message) for message in self._consumer.consume(CHUNK, wait_s)]
        self._require_whole()
        fresh = [one for one in found if one.offset >= self._next.get((one.topic, one.partition), 0)]
        self._next |= {(one.topic, one.partition): one.offset + 1 for one in fresh}
        return fresh

    def settle(self, one: ConsumedRecord) -> None:
        """This one is dealt with; ``commit`` will say so."""
        self.settle_to((one.topic, one.partition), one.offset + 1)

    def settle_to(self, position: client.Position, end: int) -> None:
        """Everything of a partition before ``end`` is dealt with."""
        self._settled[position] = end

    def commit(self) -> None:
        """Commit what is settled. Where the group's coordinator is moving, it stays settled for the next time."""
        if not self._settled or not self.whole:
            return
        offsets = [TopicPartition(*position, end) for position, end in self._settled.items()]
        try:
            commit(self._consumer, offsets)
        except CommitUnavailable as error:
            log.info("offsets are not taken yet", who=self._who, reason=str(error))
            return
        self._settled.clear()

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _require_whole(self) -> None:
        if self._parted is None or time.monotonic() - self._parted < self._patience * self._session_s:
            return
        raise Failure(f"another {self._who} is running in this deployment: only one may", "stop one of them")

    def _count(self) -> int:
        """How many partitions there are now: somebody may have added some since."""
        return len(client.partitions_of(self._settings, self._topics))

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.whole = len(partitions) == self._count()
        consumer.assign(partitions)
        if self.whole:
            consumer.resume(partitions)
            self._parted, self._patience = None, INCUMBENT
        else:
            consumer.pause(partitions)
            self._parted = self._parted or time.monotonic()
            log.warning("another holds partitions; waiting for it to leave", who=self._who, have=len(partitions))

    def _revoked(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.whole = False

    def _lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Silent for longer than a session, as a process that was paused: whoever took over was there before."""
        self.whole, self._patience = False, NEWCOMER
