"""Values for the placeholders of the templates: names, numbers, days."""

from collections.abc import Mapping
from random import Random

Facts = Mapping[str, str]

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("October", "November", "December", "January", "February", "March")
CITIES = ("Leeds", "Ghent", "Porto", "Graz", "Lyon", "Turin", "Malmo", "Cork", "Basel", "Utrecht", "Tampere", "Brno")
PLANS = ("Basic", "Family", "Plus", "Business", "Student", "Home 200")
PRODUCTS = ("kettle", "headset", "router", "printer", "desk lamp", "blender", "monitor", "heater", "camera", "speaker")
NTH = ("second", "third", "fourth", "fifth")
SPANS = ("four days", "six days", "a week", "two weeks", "three weeks", "a month", "ten days")


def draw_facts(rng: Random, name: str) -> dict[str, str]:
    """Values that stay the same throughout a conversation."""
    amount = rng.randint(900, 24_900)
    return {
        "name": name,
        "operator": rng.choice(("Kim", "Robin", "Sasha", "Toni", "Jules", "Noor")),
        "order": f"{rng.randint(1000, 9999)}-{rng.randint(100, 999)}",
        "amount": format_money(amount),
        "less": format_money(amount * rng.randint(40, 85) // 100),
        "product": rng.choice(PRODUCTS),
        "plan": rng.choice(PLANS),
        "city": rng.choice(CITIES),
        "card": f"{rng.randint(0, 9999):04d}",
        "code": f"E-{rng.randint(100, 4999)}",
        "years": str(rng.randint(2, 14)),
        "month": rng.choice(MONTHS),
    }


def draw_passing_facts(rng: Random) -> dict[str, str]:
    """Values that differ from message to message."""
    day, other = rng.sample(DAYS, 2)
    return {
        "day": day,
        "otherday": other,
        "hour": f"{rng.randint(8, 19)}:{rng.choice(('00', '15', '30', '45'))}",
        "minutes": str(rng.randint(5, 55)),
        "times": str(rng.randint(2, 6)),
        "nth": rng.choice(NTH),
        "span": rng.choice(SPANS),
    }


def format_money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d} euros"


def fill(rng: Random, text: str, known: Facts) -> str:
    """The template with its placeholders filled."""
    return text.format_map({**known, **draw_passing_facts(rng)})
