"""Returning customers: the same people with a new scenario every few days, for their profiles."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from random import Random

from agents.recordings.model import Line
from agents.simulator import personas, scenario
from agents.simulator.complaints import TOPICS
from agents.simulator.conversation import Conversation, Scene
from agents.simulator.day import CHANNELS, DAY, HOUR_MS, draw_arrival, time_of
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
        customers: number of customers, each with an id.
        visits: conversations per customer, one to four days apart.
        day: calendar day, UTC, on which the first ones start.
        draw: draws the scenario of a conversation.
        who: the customer with a number; None for ``draw_customer``.
    """
    midnight = round(datetime.combine(day, time(), UTC).timestamp() * 1000)
    lines: list[Line] = []
    for number in range(1, customers + 1):
        person = draw_customer(seed, number) if who is None else who(number)
        lines += simulate_customer(
            Random(f"{seed} life {number}"), f"week-{seed}-{number:04d}", person, visits, midnight, draw
        )
    return iter(sorted(lines, key=time_of))


def draw_customer(seed: int, number: int) -> Person:
    """The customer with that number in ``simulate_weeks``."""
    return personas.draw(Random(f"{seed} person {number}"), number)._replace(customer_id=f"cust-{number:04d}")


def simulate_customer(rng: Random, name: str, person: Person, visits: int, midnight: int, draw: Draw) -> list[Line]:
    """Every conversation of one customer; its id is the name and the number of the visit."""
    lines: list[Line] = []
    for visit in range(1, visits + 1):
        at = midnight + round(draw_arrival(rng)[0] * HOUR_MS)
        channel = rng.choices(list(CHANNELS), list(CHANNELS.values()))[0]
        scene = Scene(f"{name}-{visit:02d}", channel, rng.choice(TOPICS), person, draw(rng), at)
        lines += Conversation(rng, scene).lines
        midnight += 24 * HOUR_MS * rng.randint(*DAYS_APART)
    return lines
