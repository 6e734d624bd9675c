"""Reads every partition of some topics by offset, outside any consumer group.

Nothing is committed: the reader's own state stores its offsets, and a restart continues there.
"""

import time
from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition

from agents.common.errors import Failure
from agents.kafka import client
from agents.kafka.consumed_record import ConsumedRecord, from_message, is_partition_end
from agents.settings.model import Settings

CHUNK = 1000
WAIT_S = 0.05
SILENCE_S = 30.0


class PartitionReader:
    """Reads topics from a time on.

    Args:
        topics: full names.
        since_ms: first timestamp to read, milliseconds since 1970 by the broker's clock; 0 for everything.

    Attributes:
        read_to: the next offset to read, of each partition.
    """

    def __init__(self, settings: Settings, topics: Sequence[str], since_ms: int) -> None:
        self._settings = settings
        positions = client.partitions_of(settings, topics)
        config = client.idle_consumer_config(settings, f"{settings.topics.learner_group}-inputs")
        self._consumer = Consumer({**config, "enable.partition.eof": True})
        starts = self._starts([TopicPartition(*position, since_ms) for position in positions])
        self.read_to = {(start.topic, start.partition): start.offset for start in starts}
        self._consumer.assign(starts)

    def take(self, wait_s: float = WAIT_S) -> list[ConsumedRecord]:
        """Records that arrived, at most ``CHUNK``."""
        messages = self._consumer.consume(CHUNK, wait_s)
        records = [from_message(message) for message in messages if not is_partition_end(message)]
        for record in records:
            self.read_to[record.topic, record.partition] = record.offset + 1
        for end in filter(is_partition_end, messages):
            # The end may be after the last record: a transaction leaves a marker, which consumers do not get.
            position = end.topic() or "", end.partition() or 0
            self.read_to[position] = max(self.read_to[position], end.offset() or 0)
        return records

    def take_until(self, ends: Mapping[client.Position, int]) -> list[ConsumedRecord]:
        """Every record before these offsets, and perhaps more. ``Failure`` when none arrives for ``SILENCE_S``."""
        records: list[ConsumedRecord] = []
        arrived_at = time.monotonic()
        while unread := [position for position, end in ends.items() if self.read_to.get(position, 0) < end]:
            more = self.take()
            records += more
            arrived_at = time.monotonic() if more else arrived_at
            if time.monotonic() - arrived_at > SILENCE_S:
                topic, partition = unread[0]
                raise Failure(
                    f"Kafka returned no record of {topic}, partition {partition}, for {SILENCE_S:.0f} s.",
                    "To check the brokers, run: tenor doctor",
                )
        return records

    def ends(self, *topics: str) -> dict[client.Position, int]:
        """Present end offset of every partition of these topics."""
        return client.end_offsets(self._settings, [position for position in self.read_to if position[0] in topics])

    def close(self) -> None:
        self._consumer.close()

    def _starts(self, wanted: list[TopicPartition]) -> list[TopicPartition]:
        """The first offset at or after each timestamp; the end of a partition without such a record."""
        ends = client.end_offsets(self._settings, [(position.topic, position.partition) for position in wanted])
        try:
            starts = self._consumer.offsets_for_times(wanted, timeout=client.TIMEOUT_S)
        except KafkaException as error:
            raise client.unreachable(self._settings, error) from None
        for start in starts:
            if start.error is not None:
                raise client.unreachable(self._settings, KafkaException(start.error))
            if start.offset < 0:
                start.offset = ends[start.topic, start.partition]
        return starts
