"""Text models by version: the one that is shipped, and those in tenor.text-model."""

from agents.common.errors import Failure
from agents.kafka.consumed_record import ConsumedRecord
from agents.learning.versioned_topic import VersionedTopic
from agents.settings.model import Settings
from streams.text_model import weights
from streams.text_model.model import TextModel, shipped_model
from streams.text_model.weights import WeightsError


class TextModelStore(VersionedTopic[TextModel]):
    """Looks text models up."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, settings.topics.text_model, read, "text model")

    def __call__(self, version: str) -> TextModel:
        """The text model of a version; ``Failure`` when it is nowhere, or broken."""
        return shipped_model() if version == shipped_model().version else super().__call__(version)


def read(record: ConsumedRecord, version: str) -> TextModel:
    """The text model in a record. ``Failure`` when it is another, or none."""
    try:
        found = weights.unpack(record.value or b"")
    except WeightsError as error:
        raise Failure(f"the text model {version} in {record.topic} cannot be read: {error}") from None
    if found.version != version:
        raise Failure(f"{record.topic} holds {found.version} under the name of the text model {version}")
    return TextModel(found)
