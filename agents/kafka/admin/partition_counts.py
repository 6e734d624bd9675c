"""Checks that the partitioned topics still have ``TENOR_PARTITIONS`` partitions.

A conversation's signals and its state are in partitions of the same number. If a topic gets more partitions, a
conversation's next signals go to another partition than its state, and a worker would fold them silently as a new
conversation. So no worker starts then, and a running worker ends.
"""

from collections.abc import Iterator, Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from agents.common.errors import Failure
from agents.kafka import client
from agents.settings.model import Settings
from schemas.topics import Name

TIMEOUT_S = 2.0
HINT = "See docs/doctor.md: The number of partitions was changed"


def partitioned_topics(settings: Settings) -> tuple[str, ...]:
    """Full names of the topics that must have exactly ``TENOR_PARTITIONS`` partitions."""
    topics = settings.topics
    return topics.name(Name.SIGNALS), topics.changelog, topics.name(Name.CUSTOMERS), topics.profiles


class PartitionCountMonitor:
    """Checks the topics' partitions repeatedly over one connection.

    Args:
        settings: of this deployment.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = AdminClient(client.client_config(settings))

    def require(self) -> None:
        """``Failure`` when a topic has another number of partitions. Does nothing while the broker does not answer."""
        try:
            require_equal(self._settings, {name: self._count(name) for name in partitioned_topics(self._settings)})
        except KafkaException:
            return

    def _count(self, name: str) -> int:
        topic = self._client.list_topics(name, timeout=TIMEOUT_S).topics.get(name)
        return 0 if topic is None else len(topic.partitions)


def require_equal(settings: Settings, counts: Mapping[str, int]) -> None:
    """``Failure`` for the first topic that differs; 0 means that the topic is missing, which other checks report."""
    for message in mismatches(settings, counts):
        raise Failure(message, HINT)


def mismatches(settings: Settings, counts: Mapping[str, int]) -> Iterator[str]:
    """A sentence for each topic that has another number of partitions than ``TENOR_PARTITIONS``."""
    for name in partitioned_topics(settings):
        count = counts.get(name, 0)
        if count not in (0, settings.partitions):
            yield (
                f"{name} has {count} partitions, TENOR_PARTITIONS is {settings.partitions}: "
                "signals would be folded without the state they belong to"
            )
