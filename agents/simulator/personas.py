"""Customers: how they write, how they type, and what they consented to. A person is the same all day."""

from random import Random
from typing import NamedTuple

NAMES = (
    *("Alex", "Amara", "Anna", "Ben", "Carla", "Chen", "Dana", "Dmitri", "Elif", "Emma", "Farid", "Fiona", "Grace"),
    *("Hana", "Ivan", "Jonas", "Kofi", "Lena", "Liam", "Maria", "Marta", "Nadia", "Noah", "Olga", "Omar", "Paul"),
    *("Priya", "Rosa", "Sam", "Sofia", "Tariq", "Tom", "Uma", "Vera", "Wei", "Yusuf", "Zoe"),
)
KEYSTROKE_CONSENT = 0.3


class Style(NamedTuple):
    """How a person writes.

    Attributes:
        expressive: how much of the true frustration shows; below 1 hides it.
        blunt: added in any mood, because some people always sound cross.
        noisy: standard deviation of what shows from turn to turn.
        lower: writes without capitals.
        typos: probability of a typo in a message.
        shouts: probability of capitals and exclamation marks when furious.
    """

    expressive: float
    blunt: float
    noisy: float
    lower: bool
    typos: float
    shouts: float


class Rhythm(NamedTuple):
    """A person's calm typing: dwell and flight in milliseconds, backspaces and pauses as shares of keys."""

    dwell: float
    flight: float
    backspace: float
    pauses: float


class Person(NamedTuple):
    """One customer. ``consent`` to typing analysis: True, False, or None when it was not asked for."""

    customer_id: str | None
    name: str
    style: Style
    rhythm: Rhythm
    consent: bool | None


def draw(rng: Random, number: int) -> Person:
    """The customer with that number; a few have no id."""
    return Person(
        customer_id=f"cust-{number:04d}" if rng.random() < 0.95 else None,
        name=rng.choice(NAMES),
        style=draw_style(rng),
        rhythm=draw_rhythm(rng),
        consent=True if rng.random() < KEYSTROKE_CONSENT else rng.choice((False, None)),
    )


def draw_style(rng: Random) -> Style:
    return Style(
        expressive=rng.triangular(0.7, 1.35, 1.1),
        blunt=rng.uniform(0.35, 0.6) if rng.random() < 0.05 else rng.gauss(0.0, 0.04),
        noisy=rng.uniform(0.06, 0.14),
        lower=rng.random() < 0.35,
        typos=rng.uniform(0.0, 0.2),
        shouts=rng.uniform(0.0, 0.5),
    )


def draw_rhythm(rng: Random) -> Rhythm:
    return Rhythm(
        dwell=rng.uniform(70.0, 130.0),
        flight=rng.uniform(120.0, 320.0),
        backspace=rng.uniform(0.02, 0.1),
        pauses=rng.uniform(0.01, 0.06),
    )
