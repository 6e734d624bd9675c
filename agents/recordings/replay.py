"""Replay: publishes a recording, and afterwards closes open windows and conversations.

Truths are published only on request, as ratings for the learner. A record's timestamp is the time it is published at;
the event holds the time it happened at.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from agents.common.errors import Failure
from agents.kafka import client
from agents.kafka.admin.lag import OnWait, wait_for_pipeline
from agents.kafka.admin.topics import require_topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.producer import Producer
from agents.recordings import file
from agents.recordings.model import Event, Recording, Truth
from agents.recordings.publish import DELIVERY_TIMEOUT_S, HEADERS, build_event_record
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.json_form import read_record
from schemas.records import record
from schemas.topics import RECORD_OF, Name
from streams.signals.extraction import tick_signal

__all__ = ["ReplayResult", "publish_closing_tick", "replay", "wait_for_pipeline"]

Progress = Callable[[int, int], None]


class ReplayResult(NamedTuple):
    """What a replay published.

    Attributes:
        events: number of events by topic, without the deployment's prefix.
        conversations: number of conversations.
        first_event_ms, last_event_ms: earliest and latest event time, milliseconds; 0 without events.
        seconds: duration of the replay.
        recording: the recording, truths included.
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
        speed: how many times faster than real time; None for as fast as possible.
        progress: called with the number of acknowledged events and of all events, about ten times a second.
        labels: whether the truths are published, too, as ratings.

    Raises ``Failure`` when the file cannot be read, a topic is missing or the broker rejects a record.
    """
    if speed is not None and not speed > 0:
        raise Failure(f"The replay speed must be above 0, not {speed:g}.")
    recording = file.read(path)
    events = with_ratings(recording) if labels else recording.events
    require_topics(settings, sorted({event.topic for event in events}))
    producer = Producer(settings, DELIVERY_TIMEOUT_S, lambda acknowledged: progress(acknowledged, len(events)))
    codec = Codec()
    started = time.monotonic()
    for due_s, event in schedule(events, speed):
        producer.wait_until(started + due_s)
        producer.publish(build_event_record(event, settings.topics, codec))
    producer.flush()
    return summarize(recording, events, time.monotonic() - started)


def conclude(settings: Settings, last_event_ms: int, timeout_s: float, on_wait: OnWait) -> None:
    """Wait until every event is processed, close every window and conversation, and wait until that is stored too.

    In this order, because a closing tick that overtook events would end conversations too early.
    """
    wait_for_pipeline(settings, timeout_s, on_wait)
    publish_closing_tick(settings, last_event_ms)
    wait_for_pipeline(settings, timeout_s, on_wait)


def publish_closing_tick(settings: Settings, last_event_ms: int) -> None:
    """Publish a tick to every partition of tenor.signals, late enough to close every window and conversation.

    Args:
        last_event_ms: latest event time published, milliseconds.
    """
    outcome = settings.config.outcome
    at = last_event_ms + round(2 * (outcome.idle_s + outcome.window_s) * 1000) + 1
    signals = settings.topics.name(Name.SIGNALS)
    require_topics(settings, [Name.SIGNALS])
    partitions = [partition for _, partition in client.partitions_of(settings, [signals])]
    value = Codec().encode(record(RECORD_OF[Name.SIGNALS]), tick_signal(at))
    ticks = [OutgoingRecord(signals, None, value, HEADERS, partition) for partition in partitions]
    Producer(settings, DELIVERY_TIMEOUT_S).send(ticks)


def schedule(events: Iterable[Event], speed: float | None) -> Iterator[tuple[float, Event]]:
    """Events with the time each is due, seconds after the first; always 0 without a speed."""
    first: int | None = None
    for event in events:
        at = int(event.event["event_time"])
        first = at if first is None else first
        yield (0.0 if speed is None else (at - first) / 1000 / speed), event


def with_ratings(recording: Recording) -> tuple[Event, ...]:
    """The events, with every truth after its turn as a reviewer's rating."""
    return tuple(line if isinstance(line, Event) else as_rating(line) for line in recording.lines)


def as_rating(truth: Truth) -> Event:
    """A truth as a rating of the customer's latest turn."""
    rating = {
        "event_id": f"{truth.conversation_id}:{truth.turn}:label",
        "conversation_id": truth.conversation_id,
        "event_time": truth.event_time,
        "rater_id": "recording",
        "rater_role": "reviewer",
        "frustrated": truth.frustrated,
        "intensity": truth.frustration,
    }
    return Event(str(Name.RATINGS), truth.conversation_id, read_record(record("rating").published, rating, ""))


def summarize(recording: Recording, events: Sequence[Event], seconds: float) -> ReplayResult:
    times = [int(event.event["event_time"]) for event in events] or [0]
    return ReplayResult(
        events=Counter(event.topic for event in events),
        conversations=len({event.key for event in events}),
        first_event_ms=min(times),
        last_event_ms=max(times),
        seconds=seconds,
        recording=recording,
    )
