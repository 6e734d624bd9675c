"""Inputs of a learner: every partition of some topics, read by position and not by group.

What was learned names its positions itself, so nothing is committed: a restart goes on from there.
"""

import time
from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition

from agents.common.errors import Failure
from agents.kafka import client
from agents.kafka.consumed_record import ConsumedRecord, at_end, received
from agents.settings.model import Settings

CHUNK = 1000
WAIT_S = 0.05
PATIENCE_S = 30.0


class PartitionReader:
    """Reads topics from some moment on.

    Args:
        topics: full names.
        since_ms: where reading begins, milliseconds of the broker's time; 0 for all there is.

    Attributes:
        read_to: first offset of every partition that was not read.
    """

    def __init__(self, settings: Settings, topics: Sequence[str], since_ms: int) -> None:
        self._settings = settings
        positions = client.partitions_of(settings, topics)
        config = client.patient(settings, f"{settings.topics.learner_group}-inputs")
        self._consumer = Consumer({**config, "enable.partition.eof": True})
        starts = self._starts([TopicPartition(*position, since_ms) for position in positions])
        self.read_to = {(one.topic, one.partition): one.offset for one in starts}
        self._consumer.assign(starts)

    def take(self, wait_s: float = WAIT_S) -> list[ConsumedRecord]:
        """What has come, at most ``CHUNK`` records."""
        messages = self._consumer.consume(CHUNK, wait_s)
        found = [received(one) for one in messages if not at_end(one)]
        for one in found:
            self.read_to[one.topic, one.partition] = one.offset + 1
        for end in filter(at_end, messages):
            # The end may lie behind the last record: a transaction leaves a marker that nobody is given.
            position = end.topic() or "", end.partition() or 0
            self.read_to[position] = max(self.read_to[position], end.offset() or 0)
        return found

    def take_until(self, ends: Mapping[client.Position, int]) -> list[ConsumedRecord]:
        """Everything before these offsets, and perhaps more. ``Failure`` when it does not come."""
        found: list[ConsumedRecord] = []
        heard = time.monotonic()
        while any(self.read_to.get(position, 0) < end for position, end in ends.items()):
            more = self.take()
            found += more
            heard = time.monotonic() if more else heard
            if time.monotonic() - heard > PATIENCE_S:
                raise Failure(f"the broker gave no record for {PATIENCE_S:.0f} s, though there are some")
        return found

    def ends(self, *topics: str) -> dict[client.Position, int]:
        """Present end of every partition of these topics."""
        return client.end_offsets(self._settings, [one for one in self.read_to if one[0] in topics])

    def close(self) -> None:
        self._consumer.close()

    def _starts(self, wanted: list[TopicPartition]) -> list[TopicPartition]:
        """Where reading begins; a partition without anything that young begins at its end."""
        ends = client.end_offsets(self._settings, [(one.topic, one.partition) for one in wanted])
        try:
            found = self._consumer.offsets_for_times(wanted, timeout=client.TIMEOUT_S)
        except KafkaException as error:
            raise client.unreachable(self._settings, error) from None
        for one in found:
            if one.error is not None:
                raise client.unreachable(self._settings, KafkaException(one.error))
            if one.offset < 0:
                one.offset = ends[one.topic, one.partition]
        return found
