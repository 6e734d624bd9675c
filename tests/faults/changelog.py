"""The conversations' states as a worker that starts now would recover them."""

from collections import defaultdict

from agents import log_reader
from agents.changelog import Reading
from agents.settings import Settings


def states_in(settings: Settings) -> dict[int, dict[str, bytes]]:
    """States by partition and key."""
    found: dict[int, dict[str, bytes]] = {}
    readings: dict[int, Reading] = defaultdict(Reading)
    for one in log_reader.read(settings, [settings.topics.changelog]):
        states, key = found.setdefault(one.partition, {}), (one.key or b"").decode()
        if not readings[one.partition].counts(key, one.headers):
            continue
        if one.value is None:
            states.pop(key, None)
        else:
            states[key] = one.value
    return found
