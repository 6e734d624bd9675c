"""Customers who come back: the same people with a new story every few days, for what is remembered of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from random import Random

from agents.recordings.model import Line
from agents.simulator import personas, scenario
from agents.simulator.complaints import TOPICS
from agents.simulator.conversation import Conversation, Scene
from agents.simulator.day import CHANNELS, DAY, HOUR_MS, arrival, moment
from agents.simulator.personas import Person
from agents.simulator.scenario import Scenario

DAYS_APART = (1, 4)

Draw = Callable[[Random], Scenario]
Who = Callable[[int], Person]


def simulate_weeks(
    seed: int, customers: int, visits: int, day: date = DAY, draw: Draw = scenario.draw, who: Who | None = None
) -> Iterator[Line]:
    """Events and truths of customers who all return, in event-time order; the same arguments give the same lines.

    Args:
        customers: how many, each known to the platform.
        visits: conversations of each, one to four days apart.
        day: calendar day, UTC, on which the first ones start.
        draw: the story of a conversation.
        who: the customer of a number; None for ``customer``.
    """
    midnight = round(datetime.combine(day, time(), UTC).timestamp() * 1000)
    lines: list[Line] = []
    for number in range(1, customers + 1):
        person = customer(seed, number) if who is None else who(number)
        lines += life(Random(f"{seed} life {number}"), f"week-{seed}-{number:04d}", person, visits, midnight, draw)
    return iter(sorted(lines, key=moment))


def customer(seed: int, number: int) -> Person:
    """The customer of that number, as ``simulate_weeks`` has them."""
    return personas.draw(Random(f"{seed} person {number}"), number)._replace(customer_id=f"cust-{number:04d}")


def life(rng: Random, name: str, person: Person, visits: int, midnight: int, draw: Draw) -> list[Line]:
    """Every conversation of one customer; their ids are the name and the number of the visit."""
    lines: list[Line] = []
    for visit in range(1, visits + 1):
        at = midnight + round(arrival(rng)[0] * HOUR_MS)
        channel = rng.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        scene = Scene(f"{name}-{visit:02d}", channel, rng.choice(TOPICS), person, draw(rng), at)
        lines += Conversation(rng, scene).lines
        midnight += 24 * HOUR_MS * rng.randint(*DAYS_APART)
    return lines
