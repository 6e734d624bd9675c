"""Whether the logs and the states that follow from them still have the partitions this deployment was made with.

A conversation's signals and its state stand in partitions of one number. Where somebody gives one of these topics more
partitions, a conversation's next signals stand elsewhere than its state, and Faust may have them folded by a worker
that does not hold it: silently, as a new conversation. So no worker starts then, and one that runs ends.
"""

from collections.abc import Iterator, Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from agents.common.errors import Failure
from agents.kafka import client
from agents.settings.model import Settings
from schemas.topics import Name

TIMEOUT_S = 2.0
HINT = "docs/doctor.md says what to do, under: The number of partitions was changed"


def names(settings: Settings) -> tuple[str, ...]:
    """Full names of the topics that must have ``TENOR_PARTITIONS``, all of them."""
    topics = settings.topics
    return topics.name(Name.SIGNALS), topics.changelog, topics.name(Name.CUSTOMERS), topics.profiles


class PartitionCountMonitor:
    """Looks at the topics' partitions, over one connection that is kept.

    Args:
        settings: of this deployment.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = AdminClient(client.client_config(settings))

    def require(self) -> None:
        """``Failure`` when a topic has another number of partitions. Says nothing while the broker does not answer."""
        try:
            refuse(self._settings, {name: self._count(name) for name in names(self._settings)})
        except KafkaException:
            return

    def _count(self, name: str) -> int:
        found = self._client.list_topics(name, timeout=TIMEOUT_S).topics.get(name)
        return 0 if found is None else len(found.partitions)


def refuse(settings: Settings, counts: Mapping[str, int]) -> None:
    """``Failure`` for the first topic that differs; those without a partition are missing, which others tell."""
    for message in differing(settings, counts):
        raise Failure(message, HINT)


def differing(settings: Settings, counts: Mapping[str, int]) -> Iterator[str]:
    """Of each topic that has another number of partitions than ``TENOR_PARTITIONS``, a sentence."""
    for name in names(settings):
        count = counts.get(name, 0)
        if count not in (0, settings.partitions):
            yield (
                f"{name} has {count} partitions, TENOR_PARTITIONS is {settings.partitions}: "
                "signals would be folded without the state they belong to"
            )
