"""What is on the bus: poison, another schema, events twice, in another order, late, days off; topics cut short."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, islice
from typing import Any

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from agents.common.clock import now_ms
from agents.kafka import client
from agents.kafka.producer import Producer
from agents.learning.model_publisher import publish_to_every_partition
from schemas.codec import Codec
from schemas.json_form import to_json
from schemas.records import PAST, load, record
from schemas.topics import Name
from streams.signals.extraction import tick_signal
from tests.faults.case import case
from tests.faults.field import Field
from tests.faults.load import steady
from tests.faults.recording import MESSAGES, MIXED, Event, Recording
from tests.support.bad_events import BAD
from tests.support.bus_events import click

BURST = 100_000
DAY_MS, HOUR_MS = 86_400_000, 3_600_000


def poison() -> Iterator[Event]:
    """Every bad input of the contract, one after another."""
    made = {name: make() for name, (_, make, _, _) in BAD.items()}
    for number in count():
        name = list(BAD)[number % len(BAD)]
        topic, _, headers, _ = BAD[name]
        yield Event(topic, f"bad-{number}", made[name], tuple(headers.items()))


def one_in_a_hundred(start_ms: int) -> Iterator[Event]:
    bad = poison()
    for number, event in enumerate(Recording(start_ms)):
        if number % 100 == 50:
            yield next(bad)
        yield event


@case("1 % poison of every kind", 6, recording=one_in_a_hundred, smoke=True)
def poisoned(field: Field) -> None:
    field.sleep(25.0)
    field.note("1 % of all bad inputs of the contract")


def burst(field: Field, size: int) -> None:
    """As large as a bad deployment of a producer: two bad bytes each time."""
    field.note(f"{size:,} poison records at once")
    workers = [field.crew[name].pid for name in field.names("worker")]
    field.load.burst(Event(Name.MESSAGES, f"bad-{number}", b"\xc3\x02", ()) for number in range(size))
    field.seconds_to_pass()
    assert [field.crew[name].pid for name in field.names("worker")] == workers, "a worker did not stay up"


@case("a burst of 100,000 poison records", 6)
def large_burst(field: Field) -> None:
    burst(field, BURST)


def evolving(start_ms: int) -> Iterator[Event]:
    """The producers' schemas change in the middle: the past one, today's, JSON; and one that nobody announced."""
    codec = Codec()
    today, past = record("navigation"), load(PAST / "navigation" / "1.avsc")
    known = {field["name"] for field in past.published["fields"]}
    for number, event in enumerate(Recording(start_ms, MIXED)):
        yield event
        if number % 4:
            continue
        about: dict[str, Any] = click(event.key, event_time=start_ms + number * 375, event_id=f"extra-{number}")
        older = {name: value for name, value in about.items() if name in known}
        json = (("content-type", b"application/json"),)
        yield (
            Event(Name.NAVIGATION, event.key, codec.encode(past, older)),
            Event(Name.NAVIGATION, event.key, codec.encode(today, about)),
            Event(Name.NAVIGATION, event.key, to_json(about), json),
            Event(Name.NAVIGATION, event.key, b"\xc3\x01" + bytes(8) + codec.encode(today, about)[10:]),
        )[number // 1500 % 4]


@case("schemas evolved while it runs", 6, recording=evolving, kinds=MIXED)
def evolved(field: Field) -> None:
    field.sleep(35.0)
    field.note("past schema, today's, JSON, one unknown")
    field.kill(field.names("worker")[0])


def twice_and_swapped(start_ms: int) -> Iterator[Event]:
    """One in ten comes twice; of each eighty, every other pair of a conversation's turns is swapped."""
    events = iter(Recording(start_ms))
    while True:
        first, second = list(islice(events, 80)), list(islice(events, 80))
        swapped = [*second[::2], *first[1::2], *first[::2], *second[1::2]]
        for number, event in enumerate(swapped):
            yield event
            if number % 10 == 0:
                yield event


@case("events twice and in another order", 7, recording=twice_and_swapped)
def reordered(field: Field) -> None:
    for _ in range(3):
        field.sleep(6.0, 9.0)
        field.kill(field.random.choice(field.names("worker")))
    field.note("10 % sent twice, turns swapped")


def late_and_skewed(number: int, event: dict[str, Any]) -> dict[str, Any]:
    """One in twenty an hour late; of eighty conversations one by a clock a day ahead, one by a clock a day behind."""
    moved = {7: -HOUR_MS}.get(number % 20, 0)
    slot = int(event["conversation_id"].rpartition("-")[2])
    moved += {3: DAY_MS, 43: -DAY_MS}.get(slot, 0)
    return event | {"event_time": event["event_time"] + moved}


@case(
    "late events, and clocks a day off",
    7,
    smoke=True,
    compare=False,
    recording=lambda start_ms: Recording(start_ms, MESSAGES, change=late_and_skewed),
)
def skewed(field: Field) -> None:
    for _ in field.times(5, short=2):
        field.sleep(5.0, 8.0)
        field.kill(field.random.choice(field.names("worker")))
    field.note("5 % an hour late, 2 of 80 clocks off by a day")


@case("input truncated by retention under stopped workers", 7, compare=False)
def truncated(field: Field) -> None:
    names = field.names("worker")
    for name in names:
        field.terminate(name, stay_down=True)
    field.faults.clear()
    field.sleep(15.0)
    cut = cut_short(field, field.settings.topics.name(Name.MESSAGES), spared=500)
    field.sleep(3.0)
    field.man(*names)
    field.note(f"{cut} unread records deleted by retention")


def cut_short(field: Field, topic: str, spared: int) -> int:
    """Delete all but the last records of each partition; how many of them the workers had not read."""
    positions = client.partitions_of(field.settings, [topic])
    ends = client.end_offsets(field.settings, positions)
    done = client.committed_offsets(field.settings, field.settings.topics.worker_group, positions)
    to = {position: max(0, ends[position] - spared) for position in positions}
    admin = AdminClient(client.client_config(field.settings))
    answers = admin.delete_records([TopicPartition(*position, offset) for position, offset in to.items()])
    for answer in answers.values():
        answer.result(20)
    return sum(max(0, to[position] - done[position]) for position in positions)


def emptied(field: Field) -> None:
    """Everything has ended and was forgotten, compaction has left nothing: a changelog that begins where it ends."""
    field.seconds_to_pass()  # an event that came behind the tick would open a conversation again
    end_all(field)
    field.seconds_to_pass()
    names = field.names("worker")
    for name in names:
        field.terminate(name, stay_down=True)
    field.faults.clear()
    with deletable(field, field.settings.topics.changelog):
        cut_short(field, field.settings.topics.changelog, spared=0)
    field.note("an empty changelog that does not begin at 0")
    field.man(*names)
    with steady(field.settings, Recording(now_ms() - HOUR_MS), 100):
        field.sleep(10.0)


def end_all(field: Field) -> None:
    """A tick behind everything, to every partition."""
    publish_to_every_partition(field.settings, Codec(), Producer(field.settings), tick_signal(now_ms() - 2 * HOUR_MS))


@contextmanager
def deletable(field: Field, topic: str) -> Iterator[None]:
    """The broker deletes nothing by hand from a topic that is only compacted."""
    for policy in ("compact,delete", "compact"):
        change = ConfigEntry("cleanup.policy", policy, incremental_operation=AlterConfigOpType.SET)
        asked = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[change])
        admin = AdminClient(client.client_config(field.settings))
        for answer in admin.incremental_alter_configs([asked]).values():
            answer.result(20)
        if policy != "compact":
            field.sleep(1.0)
            yield


@case("an empty compacted changelog", 7, compare=False, floor_lost=True, after=emptied)
def changelog_emptied(field: Field) -> None:
    field.sleep(5.0)
