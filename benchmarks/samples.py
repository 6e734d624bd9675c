"""Events to measure with: so many of each kind, in so many conversations that take turns.

The words of messages are those of a simulated day, cut into pieces of 15 words, so that no text comes twice in a row.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from agents.recordings.model import Event
from agents.simulator.day import simulate

START = 1_790_000_000_000
CONVERSATIONS = 50
WORDS, KEYS = 15, 20

Make = Callable[[int], dict[str, Any]]


@cache
def pieces(role: str) -> list[str]:
    """What customers or operators said in a day, 15 words a piece."""
    events = [line.event for line in simulate(1) if isinstance(line, Event)]
    said = [event["text"] for event in events if event.get("text") and event["participant_role"] == role]
    words = " ".join(said).split()
    return [" ".join(words[i : i + WORDS]) for i in range(0, len(words) - WORDS, WORDS)]


def common(i: int) -> dict[str, Any]:
    return {
        "event_id": f"event-{i}",
        "conversation_id": f"conversation-{i % CONVERSATIONS}",
        "event_time": START + i * 400,
        "tenant": "default",
        "channel": "chat",
        "customer_id": f"customer-{i % CONVERSATIONS}",
        "participant_role": "customer",
    }


def message(i: int, role: str = "customer") -> dict[str, Any]:
    said = {"text": pieces(role)[i % len(pieces(role))], "language": "en", "status": "open", "participant_role": role}
    return common(i) | said | {"participant_id": None, "keystroke_consent": True, "voice_consent": None}


def answer(i: int) -> dict[str, Any]:
    return message(i, "operator")


def keystrokes(i: int) -> dict[str, Any]:
    presses = [110.0 * k + (i * k) % 37 for k in range(KEYS)]
    keys = ["backspace" if k % 9 == i % 9 else "letter" for k in range(KEYS)]
    return common(i) | {"consent": True, "keys": keys, "pressed_ms": sorted(presses), "dwell_ms": [80.0] * KEYS}


def navigation(i: int) -> dict[str, Any]:
    where = {"page": "/orders", "target": "button", "x": 10.0 + i % 3, "y": 20.0}
    reaction = {"reaction_ms": 80.0, "watched_ms": 3000.0, "error_ms": None, "scroll_ms": None, "selection_ms": None}
    return common(i) | {"action": "click"} | where | reaction


def prosody(i: int) -> dict[str, Any]:
    numbers = {"f0_semitones": 24.0, "f0_sd_semitones": 2.0, "speech_rate": 4.0, "jitter": 0.01, "shimmer": 0.05}
    return common(i) | {"consent": True, "duration_ms": 2000.0, **numbers, "hnr_db": 18.0, "loudness_db": -20.0}


KINDS: dict[str, tuple[str, Make]] = {
    "message, customer": ("message", message),
    "message, operator": ("message", answer),
    "keystrokes": ("keystrokes", keystrokes),
    "navigation": ("navigation", navigation),
    "prosody": ("prosody", prosody),
}
