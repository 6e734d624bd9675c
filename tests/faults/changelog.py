"""The conversations' states as a worker that starts now would recover them."""

from agents import log_reader
from agents.settings import Settings


def states_in(settings: Settings) -> dict[int, dict[str, bytes]]:
    """States by partition and key."""
    found: dict[int, dict[str, bytes]] = {}
    for one in log_reader.read(settings, [settings.topics.changelog]):
        states = found.setdefault(one.partition, {})
        key = (one.key or b"").decode()
        if one.value is None:
            states.pop(key, None)
        else:
            states[key] = one.value
    return found
