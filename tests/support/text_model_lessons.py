"""Messages and their labels for the learner of the text model, and the versions that it publishes."""

import os
import signal
from collections.abc import Callable
from typing import Any

from agents.embedded.process import ChildProcess
from agents.kafka import topic_reader
from agents.schema_registry.client import codec_for
from schemas.records import record
from schemas.topics import Name
from tests.support.bus_events import NUMBERS, message, now_ms
from tests.support.deployment import Deployment, eventually

SIGNAL = record("signal")
START = now_ms() - 3_600_000
SECRET = "the purple elephant sits on my modem"  # nothing any lexicon knows
BLAND = "the parcel is on the table"
LABELS = 10


def says(deployment: Deployment, name: str, texts: list[str], at: int = START) -> list[dict[str, Any]]:
    """Publish a customer's messages, a minute apart."""
    turns = [message(name, text, event_time=at + i * 60_000) for i, text in enumerate(texts)]
    deployment.send(Name.MESSAGES, *turns)
    return turns


def mark(turn: dict[str, Any], frustrated: bool | None) -> dict[str, Any]:
    """An operator's label of one message."""
    return {
        "event_id": f"r{next(NUMBERS)}",
        "conversation_id": turn["conversation_id"],
        "event_time": turn["event_time"] + 1000,
        "rater_id": "o1",
        "rater_role": "operator",
        "message_id": turn["event_id"],
        "frustrated": frustrated,
    }


def marks(deployment: Deployment, turn: dict[str, Any], frustrated: bool | None) -> None:
    deployment.send(Name.RATINGS, mark(turn, frustrated))


def lesson(deployment: Deployment, name: str, labels: int = LABELS) -> None:
    """Publish conversations in which one phrase is labelled as frustrated and another as not, in turn."""
    texts = [SECRET if number % 2 == 0 else BLAND for number in range(labels)]
    turns = [message(f"{name}-{number}", text, event_time=START) for number, text in enumerate(texts)]
    deployment.send(Name.MESSAGES, *turns)
    deployment.send(Name.RATINGS, *(mark(turn, turn["text"] == SECRET) for turn in turns))


def kill(process: ChildProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    eventually(lambda: not process.alive, "it is dead")


def announced(deployment: Deployment) -> dict[str, set[int]]:
    """Versions in the signals log, with the partitions that hold their announcement."""
    partitions: dict[str, set[int]] = {}
    codec = codec_for(deployment.settings)
    for announcement in deployment.read(Name.SIGNALS):
        datum = codec.decode(SIGNAL, announcement.value, {})
        if datum["kind"] == "model":
            partitions.setdefault(datum["model_version"], set()).add(announcement.partition)
    return partitions


def everywhere(deployment: Deployment, versions: int) -> Callable[[], list[str] | None]:
    """The versions in the order they were published, once this many are announced in every partition."""

    def found() -> list[str] | None:
        told, all_ = announced(deployment), set(range(deployment.settings.partitions))
        complete = [name for name in published(deployment) if told.get(name) == all_]
        return complete if len(complete) >= versions else None

    return found


def published(deployment: Deployment) -> list[str]:
    """Versions in the order they were published."""
    return [
        (snapshot.key or b"").decode()
        for snapshot in topic_reader.read(deployment.settings, [deployment.settings.topics.text_model])
    ]
