"""Text models by version: the shipped one, and those in tenor.text-model."""

from agents.common.errors import Failure
from agents.kafka.consumed_record import ConsumedRecord
from agents.learning.versioned_topic import VersionedTopic
from agents.settings.model import Settings
from streams.text_model import weights
from streams.text_model.model import TextModel, shipped_model
from streams.text_model.weights import WeightsError

RESTORE = "Restore the topic from a backup."


class TextModelStore(VersionedTopic[TextModel]):
    """Looks up text models."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, settings.topics.text_model, read_text_model, "text model")

    def __call__(self, version: str) -> TextModel:
        """The text model of a version; ``Failure`` when it cannot be found or is broken."""
        return shipped_model() if version == shipped_model().version else super().__call__(version)


def read_text_model(record: ConsumedRecord, version: str) -> TextModel:
    """The text model in a record. ``Failure`` when it is invalid or has another version."""
    try:
        unpacked = weights.unpack(record.value or b"")
    except WeightsError as error:
        raise Failure(f"Text model {version} in {record.topic} cannot be read: {error}.", RESTORE) from None
    if unpacked.version != version:
        raise Failure(f"{record.topic} holds {unpacked.version} under the key of text model {version}.", RESTORE)
    return TextModel(unpacked)
