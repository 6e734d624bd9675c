"""A busy hour of events, for tests that kill, stop and start workers."""

from collections.abc import Callable

from schemas.topics import Name
from tests.support.bus_events import ANGRY, CALM, burst, click, conversation, now_ms
from tests.support.deployment import Deployment

CONVERSATIONS = 60
START = now_ms() - 3_600_000


def publish(deployment: Deployment) -> int:
    """Publish a busy hour. Returns the number of events."""
    texts = [CALM, ANGRY, ANGRY, CALM, ANGRY, ANGRY, ANGRY, ANGRY]
    names = [f"c{number}" for number in range(CONVERSATIONS)]
    messages = [event for name in names for event in conversation(name, texts, START)]
    bursts = [burst(name, event_time=START + i * 30_000) for name in names for i in range(12)]
    clicks = [click(name, event_time=START + i * 30_000) for name in names for i in range(8)]
    deployment.send(Name.MESSAGES, *sorted(messages, key=lambda event: event["event_time"]))
    deployment.send(Name.KEYSTROKES, *bursts)
    deployment.send(Name.NAVIGATION, *clicks)
    return len(messages) + len(bursts) + len(clicks)


def folding(deployment: Deployment, at_least: int) -> Callable[[], bool]:
    return lambda: len(deployment.read(Name.TRAJECTORIES)) >= at_least


def publish_more(deployment: Deployment) -> int:
    later = [event for n in range(CONVERSATIONS) for event in conversation(f"d{n}", [CALM, ANGRY] * 3, START)]
    deployment.send(Name.MESSAGES, *later)
    return len(later)
