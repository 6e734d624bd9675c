"""Ratings as the learner reads them: all or none, for two learners would publish weights in turn, each half taught."""

from agents.kafka.exclusive_consumer import ExclusiveConsumer
from agents.settings.model import Settings
from schemas.topics import Name


class RatingConsumer(ExclusiveConsumer):
    """Reads conversation.ratings."""

    def __init__(self, settings: Settings) -> None:
        topics = settings.topics
        super().__init__(settings, [topics.name(Name.RATINGS)], topics.learner_group, "learner")
