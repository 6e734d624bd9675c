"""Replay: publishes a recording, and afterwards closes what is still open.

Truth is published only where it is asked for: labels then go out as marks, for the learner. A record carries the time
it is published at; when it happened stands in the event.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from agents import recording
from agents.common.errors import Failure
from agents.kafka import client
from agents.kafka.admin.lag import OnWait, settle
from agents.recorded import Event, Recording, Truth
from agents.settings.model import Settings
from schemas.codec import CONTRACT_VERSION, VERSION_HEADER, Codec
from schemas.json_form import read_record
from schemas.records import record
from schemas.topics import RECORD_OF, Name
from streams.signals.extraction import tick

__all__ = ["ReplayResult", "finish", "replay", "settle"]

HEADERS: list[tuple[str, str | bytes | None]] = [
    ("content-type", b"application/avro"),
    (VERSION_HEADER, CONTRACT_VERSION.encode()),
]
DELIVERY_MS = 30_000
PROGRESS_S = 0.1
POLL_S = 0.1

Progress = Callable[[int, int], None]


class ReplayResult(NamedTuple):
    """What a replay published.

    Attributes:
        events: number of events by topic, without the deployment's prefix.
        conversations: how many different ones.
        first_event_ms, last_event_ms: earliest and latest event time, milliseconds; 0 without events.
        seconds: how long publishing took.
        recording: what was read, truths included.
    """

    events: Mapping[str, int]
    conversations: int
    first_event_ms: int
    last_event_ms: int
    seconds: float
    recording: Recording


def replay(
    settings: Settings, path: Path, speed: float | None, progress: Progress, labels: bool = False
) -> ReplayResult:
    """Publish the events of a recording, in order.

    Args:
        speed: how many times faster than it happened; None for as fast as possible.
        progress: told the number of events acknowledged and of all events, some ten times a second.
        labels: whether what people said of the turns is published, too, as ratings.

    Raises ``Failure`` when the file cannot be read, a topic is missing or a record is not taken.
    """
    if speed is not None and not speed > 0:
        raise Failure(f"the replay speed must be above 0, not {speed:g}")
    read = recording.read(path)
    events = marked(read) if labels else read.events
    require_topics(settings, sorted({event.topic for event in events}))
    publisher = Publisher(settings, len(events), progress)
    started = time.monotonic()
    for due_s, event in scheduled(events, speed):
        publisher.wait_until(started + due_s)
        publisher.send(event)
    publisher.flush()
    return result(read, events, time.monotonic() - started)


def conclude(settings: Settings, last_event_ms: int, timeout_s: float, on_wait: OnWait) -> None:
    """Wait until all is folded, close every window and conversation, and wait until that is stored too.

    In this order: a closing tick that overtook the events would end conversations in their middle.
    """
    settle(settings, timeout_s, on_wait)
    finish(settings, last_event_ms)
    settle(settings, timeout_s, on_wait)


def finish(settings: Settings, last_event_ms: int) -> None:
    """Publish a tick to every partition of tenor.signals, late enough to close every window and conversation.

    Args:
        last_event_ms: latest event time published, milliseconds.
    """
    outcome = settings.config.outcome
    at = last_event_ms + round(2 * (outcome.idle_s + outcome.window_s) * 1000) + 1
    signals = settings.topics.name(Name.SIGNALS)
    require_topics(settings, [Name.SIGNALS])
    partitions = [number for _, number in client.partitions_of(settings, [signals])]
    publisher = Publisher(settings, len(partitions), lambda done, total: None)
    value = Codec().encode(record(RECORD_OF[Name.SIGNALS]), tick(at))
    for number in partitions:
        publisher.produce(signals, None, value, number)
    publisher.flush()


def require_topics(settings: Settings, names: Sequence[str]) -> None:
    """``Failure`` unless the topics exist: a broker that creates them on demand gets the partitions wrong."""
    wanted = [settings.topics.name(name) for name in names]
    existing = {topic for topic, _ in client.partitions_of(settings, wanted)}
    missing = [name for name in wanted if name not in existing]
    if missing:
        raise Failure(f"the topic {missing[0]} does not exist", "run: tenor topics apply")


def scheduled(events: Iterable[Event], speed: float | None) -> Iterator[tuple[float, Event]]:
    """Events with the time each is due, seconds after the first; 0 where speed does not matter."""
    first: int | None = None
    for event in events:
        at = int(event.event["event_time"])
        first = at if first is None else first
        yield (0.0 if speed is None else (at - first) / 1000 / speed), event


def marked(read: Recording) -> tuple[Event, ...]:
    """The events, with every label behind its turn as a reviewer's mark."""
    return tuple(line if isinstance(line, Event) else as_rating(line) for line in read.lines)


def as_rating(truth: Truth) -> Event:
    """A label as the rating that says it; the turn is the customer's last one by then."""
    said = {
        "event_id": f"{truth.conversation_id}:{truth.turn}:label",
        "conversation_id": truth.conversation_id,
        "event_time": truth.event_time,
        "rater_id": "recording",
        "rater_role": "reviewer",
        "frustrated": truth.frustrated,
        "intensity": truth.frustration,
    }
    return Event(str(Name.RATINGS), truth.conversation_id, read_record(record("rating").published, said, ""))


def result(read: Recording, events: Sequence[Event], seconds: float) -> ReplayResult:
    times = [int(event.event["event_time"]) for event in events] or [0]
    return ReplayResult(
        events=Counter(event.topic for event in events),
        conversations=len({event.key for event in events}),
        first_event_ms=min(times),
        last_event_ms=max(times),
        seconds=seconds,
        recording=read,
    )


class Publisher:
    """Publishes records from a plain thread and counts their acknowledgements. ``flush`` ends it.

    Args:
        total: how many records will be published.
        progress: told acknowledged and total.
    """

    def __init__(self, settings: Settings, total: int, progress: Progress) -> None:
        self._topics, self._codec = settings.topics, Codec()
        self._producer = Producer({**client.producer_config(settings), "delivery.timeout.ms": DELIVERY_MS})
        self._total, self._progress = total, progress
        self._acknowledged, self._told_at = 0, 0.0
        self._failure: Failure | None = None

    def send(self, event: Event) -> None:
        """Publish one event under its conversation's key."""
        value = self._codec.encode(record(RECORD_OF[Name(event.topic)]), dict(event.event))
        self.produce(self._topics.name(event.topic), event.key.encode(), value)

    def produce(self, topic: str, key: bytes | None, value: bytes, partition: int = -1) -> None:
        """Publish one record; waits while the queue is full."""
        while True:
            try:
                self._producer.produce(topic, value, key, partition, on_delivery=self._delivered, headers=HEADERS)
            except BufferError:
                self._poll(POLL_S)
            except KafkaException as error:
                raise not_taken(topic, error.args[0]) from None
            else:
                return self._poll(0.0)

    def wait_until(self, moment: float) -> None:
        """Return at a monotonic time, seconds; acknowledgements are served meanwhile."""
        while (left := moment - time.monotonic()) > 0:
            self._poll(min(left, POLL_S))

    def flush(self) -> None:
        """Return when every record is acknowledged."""
        while len(self._producer):
            self._poll(POLL_S)
        self._poll(0.0)
        self._progress(self._acknowledged, self._total)

    def _poll(self, seconds: float) -> None:
        self._producer.poll(seconds)
        if self._failure is not None:
            self._producer.purge()  # nothing more is worth waiting for
            raise self._failure
        if time.monotonic() - self._told_at > PROGRESS_S:
            self._told_at = time.monotonic()
            self._progress(self._acknowledged, self._total)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self._acknowledged += 1
        elif self._failure is None:
            self._failure = not_taken(str(message.topic()), error)


def not_taken(topic: str, error: KafkaError) -> Failure:
    return Failure(f"the broker did not take a record for {topic} ({error.name()})", error.str())
