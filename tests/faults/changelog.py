"""The conversations' states as a worker that starts now would recover them."""

from agents.kafka import topic_reader
from agents.settings.model import Settings
from agents.worker.changelog import recover_states


def states_in(settings: Settings) -> dict[int, dict[str, bytes]]:
    """States by partition and key."""
    return recover_states(topic_reader.read(settings, [settings.topics.changelog]))
