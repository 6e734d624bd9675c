"""What is folded: events of made-up conversations, the same in every run. Seeded; no clock.

Every turn, each conversation has one event, two seconds after its last. Texts are put together from parts, so that
hardly two are alike: a cache does not make them cheaper than they are.
"""

from collections.abc import Callable, Iterator
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

from schemas.codec import Codec
from schemas.records import record
from schemas.topics import RECORD_OF, TOPIC_OF, Name
from streams.signals.extraction import extract_signal

START = 1_790_000_000_000
TURN_MS = 2_000
KEYS = 20
SEED = 5
CONVERSATIONS = 1_000
#: Of ten events of the mix: one message, two navigation events, seven bursts.
MIX = ("message", "navigation", "navigation", *["keystrokes"] * 7)
BURSTS = ("keystrokes",)

OPENINGS = (
    "Hello, my order",
    "I am writing because parcel",
    "Could you please look at ticket",
    "For the third time now,",
)
MIDDLES = (
    "has still not arrived and",
    "was charged to my card twice, so",
    "does not work at all;",
    "arrived yesterday,",
)
ENDINGS = (
    "nobody has told me what happens next.",
    "I would like to know when it is solved.",
    "this is really getting ridiculous now!",
    "thank you very much for your quick help.",
    "why do I have to explain this again?",
)


class Recorded(NamedTuple):
    """One record as it stands in a topic, the deployment's prefix left out."""

    topic: Name
    key: bytes
    value: bytes


def common(i: int, role: str = "customer") -> dict[str, Any]:
    """What every event has; ``i`` counts events."""
    turn, conversation = divmod(i, CONVERSATIONS)
    return {
        "event_id": f"event-{i}",
        "conversation_id": f"conversation-{conversation}",
        "event_time": START + turn * TURN_MS + conversation,
        "tenant": "default",
        "channel": "chat",
        "customer_id": f"customer-{conversation}",
        "participant_role": role,
    }


def keystrokes(i: int, random: Random) -> dict[str, Any]:
    """A burst of about 20 keys."""
    count = KEYS + random.randint(-4, 4)
    pressed = list(accumulate(round(random.lognormvariate(4.9, 0.5), 1) for _ in range(count)))
    keys = ["backspace" if random.random() < 0.08 else "letter" for _ in range(count)]
    dwell = [round(random.gauss(85, 15), 1) for _ in range(count)]
    return common(i) | {"consent": True, "keys": keys, "pressed_ms": pressed, "dwell_ms": dwell}


def navigation(i: int, random: Random) -> dict[str, Any]:
    """A click somewhere."""
    where = {"page": "/orders", "target": "button", "x": random.uniform(0, 1200), "y": random.uniform(0, 800)}
    reaction = {"reaction_ms": random.uniform(20, 300), "watched_ms": 3000.0}
    nothing = {"error_ms": None, "scroll_ms": None, "selection_ms": None}
    return common(i) | {"action": "click"} | where | reaction | nothing


def message(i: int, random: Random) -> dict[str, Any]:
    """About 15 words; every third is an operator's."""
    said = f"{random.choice(OPENINGS)} {random.randint(1000, 9999)} {random.choice(MIDDLES)} {random.choice(ENDINGS)}"
    more = {"text": said, "language": "en", "status": "open", "participant_id": None}
    role = "operator" if random.random() < 1 / 3 else "customer"
    return common(i, role) | more | {"keystroke_consent": True, "voice_consent": None}


MAKE: dict[str, Callable[[int, Random], dict[str, Any]]] = {
    "message": message,
    "keystrokes": keystrokes,
    "navigation": navigation,
}


def events(count: int, kinds: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Kind and event. A conversation meets the kinds in turn, no two neighbours the same one at once."""
    random = Random(SEED)
    for i in range(count):
        turn, conversation = divmod(i, CONVERSATIONS)
        kind = kinds[(turn + conversation) % len(kinds)]
        yield kind, MAKE[kind](i, random)


def inputs(count: int, kinds: tuple[str, ...]) -> list[Recorded]:
    """Records of the input topics."""
    codec = Codec()
    return [
        Recorded(TOPIC_OF[kind], event["conversation_id"].encode(), codec.encode(record(kind), event))
        for kind, event in events(count, kinds)
    ]


def signals(count: int) -> list[Recorded]:
    """Records of tenor.signals, read from keystroke bursts as ingest reads them.

    Their customers are unknown: profiles are no part of the fold that is compared.
    """
    codec, schema = Codec(), record(RECORD_OF[Name.SIGNALS])
    return [
        Recorded(Name.SIGNALS, event["conversation_id"].encode(), codec.encode(schema, signal))
        for i, (kind, event) in enumerate(events(count, BURSTS))
        for signal in [extract_signal(kind, event | {"customer_id": None}, (TOPIC_OF[kind], 0, i), event["event_time"])]
    ]
