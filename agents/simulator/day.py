"""A support day: when conversations start, who returns, and all their events in one stream."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from random import Random
from typing import NamedTuple

from agents.recordings.model import Event, Line
from agents.simulator import personas, scenario
from agents.simulator.complaints import TOPICS
from agents.simulator.conversation import Conversation, Scene
from agents.simulator.personas import Person

DAY = date(2026, 3, 2)
CONVERSATIONS = 420
CHANNELS = {"chat": 72, "email": 8, "sms": 7, "social": 8, "voice": 5}
RETURNING = 0.08
AWAY_MS = 45 * 60_000
HOUR_MS = 3_600_000
OUTAGE_AT_H, OUTAGE_SHARE = 14.0, 0.06


class ReturningCustomer(NamedTuple):
    """A customer of an earlier conversation, and when they left, milliseconds."""

    person: Person
    left_at: int


def simulate(seed: int, conversations: int = CONVERSATIONS, day: date = DAY) -> Iterator[Line]:
    """The events and truths of one day in event-time order; the same arguments give the same lines.

    Args:
        seed: of the generator from which everything is drawn.
        conversations: number of conversations.
        day: calendar day, UTC, on which they start.
    """
    rng = Random(seed)
    midnight = round(datetime.combine(day, time(), UTC).timestamp() * 1000)
    starts = sorted(draw_arrival(rng) for _ in range(conversations))
    before: list[ReturningCustomer] = []
    lines: list[Line] = []
    for number, (hour, topic) in enumerate(starts, 1):
        played = Conversation(rng, draw_scene(rng, seed, number, topic, midnight + round(hour * HOUR_MS), before))
        lines += played.lines
    return iter(sorted(lines, key=time_of))


def draw_arrival(rng: Random) -> tuple[float, str]:
    """Hour of the day at which a conversation starts, and its topic: two peaks, and a cluster for an outage."""
    if rng.random() < OUTAGE_SHARE:
        return OUTAGE_AT_H + rng.expovariate(2.5), "outage"
    low, high, peak = rng.choice(((7.0, 15.0, 10.5), (11.0, 21.0, 16.0)))
    return rng.triangular(low, high, peak), rng.choice(TOPICS)


def draw_scene(rng: Random, seed: int, number: int, topic: str, at: int, before: list[ReturningCustomer]) -> Scene:
    """What a conversation starts from; adds its customer to ``before``."""
    person = draw_customer(rng, number, at, before)
    story = scenario.draw(rng)
    channel = rng.choices(list(CHANNELS), list(CHANNELS.values()))[0]
    before.append(ReturningCustomer(person, at + AWAY_MS))
    return Scene(f"sim-{seed}-{number:04d}", channel, topic, person, story, at)


def draw_customer(rng: Random, number: int, at: int, before: list[ReturningCustomer]) -> Person:
    """A new customer, or one who left some time ago."""
    away = [customer for customer in before if customer.left_at + AWAY_MS < at and customer.person.customer_id]
    if away and rng.random() < RETURNING:
        return rng.choice(away).person
    return personas.draw(rng, number)


def time_of(line: Line) -> int:
    return int(line.event["event_time"]) if isinstance(line, Event) else line.event_time
