"""Turns input events into signals: the last place that sees text. One function per kind of event."""

from collections.abc import Callable, Mapping
from typing import Any

from streams.signals import Extract, navigation, prosody, text, typing, unknown

Event = Mapping[str, Any]
Signal = dict[str, Any]


def extract_signal(kind: str, event: Event, source: tuple[str, int, int], received_at: int | None = None) -> Signal:
    """The signal of one accepted event.

    Args:
        kind: message, keystrokes, navigation or prosody.
        event: the event, as in its contract.
        source: topic, partition and offset of the event.
        received_at: when the broker received it, milliseconds.
    """
    extract = EXTRACTORS[kind](event)
    topic, partition, offset = source
    return {
        "kind": kind,
        "event_time": event["event_time"],
        "conversation_id": event["conversation_id"],
        "event_id": event["event_id"],
        "tenant": event["tenant"],
        "channel": event["channel"],
        "customer_id": event["customer_id"],
        "participant_role": event["participant_role"],
        "source": {"topic": topic, "partition": partition, "offset": offset},
        "received_at": received_at,
        "features": extract.features,
        "cues": extract.cues,
        "reasons": extract.reasons,
        "terms": list(extract.terms),
        "status": event.get("status", "open"),
        "keystroke_consent": event["consent"] if kind == "keystrokes" else event.get("keystroke_consent"),
        "voice_consent": event["consent"] if kind == "prosody" else event.get("voice_consent"),
        "profile": None,
        "model_version": None,
        "policy_version": None,
        "snapshot_offset": None,
    }


def tick_signal(event_time: int) -> Signal:
    """A signal that only carries stream time, for every conversation of a partition."""
    return {
        "kind": "tick",
        "event_time": event_time,
        "conversation_id": None,
        "event_id": None,
        "tenant": "default",
        "channel": "other",
        "customer_id": None,
        "participant_role": None,
        "source": None,
        "received_at": None,
        "features": {},
        "cues": [],
        "reasons": {},
        "terms": [],
        "status": "open",
        "keystroke_consent": None,
        "voice_consent": None,
        "profile": None,
        "model_version": None,
        "policy_version": None,
        "snapshot_offset": None,
    }


def model_signal(version: str, event_time: int) -> Signal:
    """A signal that switches a partition to another version of the text model.

    Args:
        event_time: when it is announced, milliseconds; the fold ignores it.
    """
    return tick_signal(event_time) | {"kind": "model", "model_version": version}


def policy_signal(tenant: str, version: str, offset: int, event_time: int) -> Signal:
    """A signal that switches a tenant to another policy snapshot.

    Args:
        offset: offset of the snapshot in tenor.policy.
        event_time: when it is announced, milliseconds; the fold ignores it.
    """
    named = {"tenant": tenant, "policy_version": version, "snapshot_offset": offset}
    return tick_signal(event_time) | named | {"kind": "policy"}


def forget_signal(tenant: str, customer_id: str, event_time: int) -> Signal:
    """A signal that ends every conversation of a customer.

    Args:
        event_time: when it was requested, milliseconds; the fold ignores it.
    """
    return tick_signal(event_time) | {"kind": "forget", "tenant": tenant, "customer_id": customer_id}


def extract_message(event: Event) -> Extract:
    return text.extract(event["text"], event["language"], event["participant_role"])


def extract_keystrokes(event: Event) -> Extract:
    if not event["consent"]:
        return unknown("no_consent", *typing.FEATURES)
    return typing.extract(event["keys"], event["pressed_ms"], event["dwell_ms"])


def extract_prosody(event: Event) -> Extract:
    if not event["consent"]:
        return unknown("no_consent", *prosody.NAMES)
    return prosody.extract(event)


EXTRACTORS: dict[str, Callable[[Event], Extract]] = {
    "message": extract_message,
    "keystrokes": extract_keystrokes,
    "navigation": navigation.extract,
    "prosody": extract_prosody,
}
