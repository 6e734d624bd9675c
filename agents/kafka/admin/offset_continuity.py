"""Whether recovered state belongs to the topics that are there now.

Everything is recognised by its place: topic, partition and offset. A topic that was deleted and created again counts
from 0 once more: its new records would be taken for repeats of the old ones, or the state for newer than its log. That
is told and refused. Only a partition that ends before the place that was reached can be noticed.
"""

from collections.abc import Callable, Mapping

from agents.common.errors import Failure
from agents.kafka import client
from agents.settings.model import Settings

RequireReached = Callable[[Mapping[client.Position, int]], None]


def require_reached(settings: Settings, reached: Mapping[client.Position, int]) -> None:
    """``Failure`` when a partition ends before the offset up to which it was folded."""
    there = set(client.partitions_of(settings, sorted({topic for topic, _ in reached})))
    ends = client.end_offsets(settings, sorted(there & reached.keys()))
    for position, end in ends.items():
        if end <= reached[position]:
            topic, partition = position
            raise Failure(
                f"{topic}, partition {partition} ends at {end}, but was folded up to {reached[position]} before: "
                "it was deleted and created again",
                "set another TENOR_TOPIC_PREFIX, or delete this deployment's other topics too",
            )


def position_of(source: str) -> client.Position:
    """A source as the fold names it: ``topic/partition``."""
    topic, _, partition = source.rpartition("/")
    return topic, int(partition)
