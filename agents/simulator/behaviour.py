"""What customers do besides writing: their typing rhythm and their navigation.

Both depend only weakly on frustration, and differ more between people than between moods, as published keystroke
studies find. Times are milliseconds.
"""

from collections.abc import Callable, Iterator
from math import exp
from random import Random
from typing import Any, NamedTuple

from agents.simulator.personas import Rhythm

BURST_KEYS = (8, 40)
MOST_BURSTS = 3
PAGES = ("/help", "/orders", "/orders/detail", "/invoices", "/account", "/status", "/returns", "/contact")
TARGETS = ("submit", "details", "open-case", "save", "download", "menu", "track", "login")
STEPPERS = ("next-page", "carousel-next", "quantity-plus")
WATCHED_MS = 3000.0
STRUGGLE = (0.012, 0.26)  # probability of a struggle between two turns: when calm, and added when furious


class Burst(NamedTuple):
    """A burst of typing: its start, and the keys as in the contract."""

    at: int
    keys: list[str]
    pressed_ms: list[float]
    dwell_ms: list[float | None]


class Action(NamedTuple):
    """An action on a page: its time, and the fields of the contract that are not empty."""

    at: int
    fields: dict[str, Any]


def type_text(rng: Random, text: str, rhythm: Rhythm, frustration: float, sent_at: int, earliest: int) -> list[Burst]:
    """Bursts in which a text was typed before it was sent, without those before ``earliest``."""
    chunks = list(split_text(rng, text))[-MOST_BURSTS:]
    typed = [draw_burst(rng, chunk, adjust_rhythm(rhythm, frustration)) for chunk in chunks]
    bursts, until = [], sent_at
    for burst in reversed(typed):
        until -= round(burst.pressed_ms[-1]) + rng.randint(250, 1500)
        if until <= earliest:
            break
        bursts.append(burst._replace(at=until))
    return bursts[::-1]


def split_text(rng: Random, text: str) -> Iterator[str]:
    """The text in pieces of 8 to 40 characters; a rest too short for a burst is dropped."""
    while len(text) >= BURST_KEYS[0]:
        size = rng.randint(*BURST_KEYS)
        yield text[:size]
        text = text[size:]


def adjust_rhythm(rhythm: Rhythm, frustration: float) -> Rhythm:
    """The rhythm under frustration: a little faster and less accurate."""
    return Rhythm(
        dwell=rhythm.dwell * (1 - 0.08 * frustration),
        flight=rhythm.flight * (1 - 0.1 * frustration),
        backspace=rhythm.backspace + 0.05 * frustration,
        pauses=rhythm.pauses + 0.02 * frustration,
    )


def draw_burst(rng: Random, chunk: str, rhythm: Rhythm) -> Burst:
    keys = list(draw_keys(rng, chunk, rhythm.backspace))[: BURST_KEYS[1]]
    at, times = 0.0, []
    for _ in keys:
        times.append(round(at, 1))
        at += draw_pause(rng) if rng.random() < rhythm.pauses else rhythm.flight * exp(rng.gauss(0.0, 0.35))
    return Burst(0, keys, times, [draw_dwell(rng, rhythm.dwell) for _ in keys])


def draw_keys(rng: Random, chunk: str, backspace: float) -> Iterator[str]:
    """Classes of the keys that type a text, corrections included."""
    for character in chunk:
        yield key_class(character)
        if rng.random() < backspace:
            yield from ("letter", "backspace")


def key_class(character: str) -> str:
    if character == " ":
        return "space"
    if character.isdigit():
        return "digit"
    return "letter" if character.isalpha() else "other"


def draw_pause(rng: Random) -> float:
    return rng.uniform(1050.0, 3500.0)


def draw_dwell(rng: Random, usual: float) -> float | None:
    """How long a key was held; now and then its release is missing."""
    return None if rng.random() < 0.01 else round(usual * exp(rng.gauss(0.0, 0.18)), 1)


def draw_actions(rng: Random, frustration: float, start: int, stop: int, calm_actions: int) -> list[Action]:
    """Actions on pages between two moments, in time order."""
    moments = sorted(rng.randrange(start, max(stop, start + 1)) for _ in range(calm_actions))
    actions = [Action(at, draw_calm_action(rng)) for at in moments]
    if rng.random() < STRUGGLE[0] + STRUGGLE[1] * frustration**2:
        actions += rng.choice(STRUGGLES)(rng, rng.randrange(start, max(stop, start + 1)))
    return sorted(actions, key=lambda action: action.at)


def draw_calm_action(rng: Random) -> dict[str, Any]:
    """An everyday action."""
    action = rng.choices(("page_view", "click", "scroll", "cursor", "back", "help"), (34, 34, 16, 8, 6, 2))[0]
    page = {"action": action, "page": rng.choice(PAGES)}
    return page | click_fields(rng, draw_point(rng), rng.choice((*TARGETS, *STEPPERS))) if action == "click" else page


def draw_point(rng: Random) -> tuple[float, float]:
    return round(rng.uniform(20.0, 1260.0), 1), round(rng.uniform(60.0, 840.0), 1)


def click_fields(rng: Random, where: tuple[float, float], target: str, reacted: bool = True) -> dict[str, Any]:
    reaction = round(rng.lognormvariate(4.7, 0.6), 1) if reacted else None
    return {"target": target, "x": where[0], "y": where[1], "reaction_ms": reaction, "watched_ms": WATCHED_MS}


def rage_clicks(rng: Random, at: int) -> list[Action]:
    """Repeated clicks on the same spot."""
    page, target, (x, y) = rng.choice(PAGES), rng.choice(TARGETS), draw_point(rng)
    clicks = []
    for _ in range(rng.randint(3, 6)):
        near = (round(x + rng.uniform(-6, 6), 1), round(y + rng.uniform(-6, 6), 1))
        clicks.append(
            Action(at, {"action": "click", "page": page} | click_fields(rng, near, target, rng.random() < 0.5))
        )
        at += rng.randint(140, 420)
    return clicks


def dead_click(rng: Random, at: int) -> list[Action]:
    """A click without a reaction."""
    page = {"action": "click", "page": rng.choice(PAGES)}
    return [Action(at, page | click_fields(rng, draw_point(rng), rng.choice(TARGETS), False))]


def error_click(rng: Random, at: int) -> list[Action]:
    """A click that causes a script error."""
    [action] = dead_click(rng, at)
    return [Action(at, action.fields | {"error_ms": round(rng.uniform(20.0, 900.0), 1)})]


def quick_back(rng: Random, at: int) -> list[Action]:
    """A page that is opened and left at once."""
    page = rng.choice(PAGES)
    return [
        Action(at, {"action": "page_view", "page": page}),
        Action(at + rng.randint(700, 3800), {"action": "back", "page": page}),
    ]


STRUGGLES: tuple[Callable[[Random, int], list[Action]], ...] = (
    rage_clicks,
    rage_clicks,
    dead_click,
    dead_click,
    quick_back,
    quick_back,
    error_click,
)
