"""Dead letters: count them, look at one, send one back."""

from collections import Counter
from collections.abc import Iterator

from agents.common.errors import Failure
from agents.kafka import topic_reader
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.consumed_record import ConsumedRecord
from agents.kafka.producer import Producer
from agents.settings.model import Settings
from schemas.headers import error_headers, without_errors
from schemas.topics import WITH_DEAD_LETTERS


def dead_letter_topics(settings: Settings) -> list[str]:
    return [settings.topics.dead_letters(name) for name in WITH_DEAD_LETTERS]


def errors_of(message: ConsumedRecord) -> dict[str, str]:
    """Why a dead letter was refused and where it came from, by header without its prefix."""
    return error_headers(message.headers)


def counts(settings: Settings) -> Counter[tuple[str, str]]:
    """Dead letters by topic and reason."""
    messages = topic_reader.read(settings, dead_letter_topics(settings))
    return Counter((message.topic, errors_of(message).get("reason", "unknown")) for message in messages)


def letters(settings: Settings, topic: str) -> Iterator[ConsumedRecord]:
    """Every dead letter of one topic, given with or without ``.dlq``."""
    name = topic if topic.endswith(".dlq") else f"{topic}.dlq"
    if name not in dead_letter_topics(settings):
        raise Failure(f"{topic} has no dead letter queue", f"one of: {', '.join(dead_letter_topics(settings))}")
    return topic_reader.read(settings, [name])


def find(settings: Settings, topic: str, offset: int) -> ConsumedRecord:
    """One dead letter by its offset; ``Failure`` when there is none."""
    for message in letters(settings, topic):
        if message.offset == offset:
            return message
    raise Failure(f"{topic} has no dead letter at offset {offset}", "list them with: tenor dlq list TOPIC")


def requeue(settings: Settings, message: ConsumedRecord) -> str:
    """Send a dead letter back to its topic with its original bytes and headers; returns the topic.

    The dead letter stays in its queue, as a log cannot be edited. An event that is requeued twice is folded twice.
    """
    target = errors_of(message).get("topic")
    if not target:
        raise Failure(
            f"The dead letter at offset {message.offset} has no header that names its topic.",
            "Tenor did not write it; send the event again from its source.",
        )
    Producer(settings).send([OutgoingRecord(target, message.key, message.value, without_errors(message.headers))])
    return target
