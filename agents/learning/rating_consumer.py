"""The learner's consumer of ratings: it reads all partitions or none, since two learners would each learn half."""

from agents.kafka.exclusive_consumer import ExclusiveConsumer
from agents.settings.model import Settings
from schemas.topics import Name


class RatingConsumer(ExclusiveConsumer):
    """Reads conversation.ratings."""

    def __init__(self, settings: Settings) -> None:
        topics = settings.topics
        super().__init__(settings, [topics.name(Name.RATINGS)], topics.learner_group, "learner")
