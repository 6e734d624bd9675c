"""Events as a platform publishes them."""

import itertools
from typing import Any

from agents.common.clock import now_ms

NUMBERS = itertools.count(1)
CALM = "Hello, could you tell me when my parcel arrives?"
ANGRY = "This is ridiculous! You never answer, it is STILL not working, I want to speak to a real person!!"


def common(conversation_id: str) -> dict[str, Any]:
    """The fields that every event of a customer has."""
    return {
        "event_id": f"e{next(NUMBERS)}",
        "conversation_id": conversation_id,
        "event_time": now_ms(),
        "tenant": "default",
        "channel": "chat",
        "customer_id": None,
        "participant_role": "customer",
    }


def message(conversation_id: str, text: str | None = CALM, **changes: Any) -> dict[str, Any]:
    return {
        **common(conversation_id),
        "participant_id": None,
        "text": text,
        "language": "en",
        "status": "open",
        "keystroke_consent": None,
        "voice_consent": None,
        **changes,
    }


def burst(conversation_id: str, **changes: Any) -> dict[str, Any]:
    return {
        **common(conversation_id),
        "consent": True,
        "keys": ["letter"] * 9 + ["backspace"],
        "pressed_ms": [120.0 * i for i in range(10)],
        "dwell_ms": [80.0] * 10,
        **changes,
    }


def click(conversation_id: str, **changes: Any) -> dict[str, Any]:
    return {
        **common(conversation_id),
        "action": "click",
        "page": "checkout",
        "target": "pay",
        "x": 100.0,
        "y": 50.0,
        "reaction_ms": None,
        "watched_ms": None,
        "error_ms": None,
        "scroll_ms": None,
        "selection_ms": None,
        **changes,
    }


def frame(conversation_id: str, **changes: Any) -> dict[str, Any]:
    """A voice frame of a customer."""
    return {
        **common(conversation_id),
        "channel": "voice",
        "consent": True,
        "duration_ms": 2400.0,
        "f0_semitones": 31.4,
        "f0_sd_semitones": 2.9,
        "speech_rate": 5.1,
        "jitter": 0.021,
        "shimmer": 1.1,
        "hnr_db": 7.8,
        "loudness_db": -18.5,
        **changes,
    }


def rating(conversation_id: str, **changes: Any) -> dict[str, Any]:
    """A reviewer's rating of a reply."""
    unsaid = ("decision_id", "resonance", "message_id", "frustrated", "intensity", "compared_with", "preferred")
    said = {name: value for name, value in common(conversation_id).items() if name != "participant_role"}
    return {
        **said,
        **dict.fromkeys(unsaid),
        "rater_id": "reviewer-7",
        "rater_role": "reviewer",
        "blinded": True,
        "clarity": 4,
        "tone": 3,
        "felt_understood": False,
        **changes,
    }


def conversation(conversation_id: str, texts: list[str], start_ms: int, gap_ms: int = 60_000) -> list[dict[str, Any]]:
    """Customer messages, each followed by an operator's reply half a gap later."""
    turns = []
    for i, text in enumerate(texts):
        at = start_ms + i * gap_ms
        turns.append(message(conversation_id, text, event_time=at))
        turns.append(message(conversation_id, "Thank you.", event_time=at + gap_ms // 2, participant_role="operator"))
    return turns
