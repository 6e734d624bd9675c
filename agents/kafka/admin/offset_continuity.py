"""Checks that recovered state belongs to the present topics.

Records are identified by topic, partition and offset. A topic that was deleted and created again starts at offset 0:
its new records would look like repeats of the old ones, or the state newer than its log. This check refuses to start
then. It sees only partitions that end before the offset the state has reached.
"""

from collections.abc import Callable, Mapping

from agents.common.errors import Failure
from agents.kafka import client
from agents.settings.model import Settings

RequireReached = Callable[[Mapping[client.Position, int]], None]


def require_reached(settings: Settings, reached: Mapping[client.Position, int]) -> None:
    """``Failure`` when a partition ends before the offset up to which it was folded."""
    existing = set(client.partitions_of(settings, sorted({topic for topic, _ in reached})))
    ends = client.end_offsets(settings, sorted(existing & reached.keys()))
    for position, end in ends.items():
        if end <= reached[position]:
            topic, partition = position
            raise Failure(
                f"{topic}, partition {partition} ends at {end}, but was folded up to {reached[position]} before: "
                "it was deleted and created again",
                "Set another TENOR_TOPIC_PREFIX, or delete this deployment's other topics, too.",
            )


def position_of(source: str) -> client.Position:
    """Topic and partition of a source as the fold writes it: ``topic/partition``."""
    topic, _, partition = source.rpartition("/")
    return topic, int(partition)
