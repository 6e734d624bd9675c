"""What Avro types cannot say: ranges, lengths, finite numbers, plausible times."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from schemas.errors import Reason, Rejected
from schemas.records import Datum

ID_LENGTH = 256
BURST_KEYS = 1000
DAY_MS = 86_400_000
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of what is accepted.

    Attributes:
        event_bytes: largest event, bytes.
        future_ms: how far event_time may lie ahead of now, milliseconds.
        past_ms: how far it may lie behind.
    """

    event_bytes: int = 1_048_576
    future_ms: int = DAY_MS
    past_ms: int = 3650 * DAY_MS


def check_size(value: bytes | None, limits: Limits) -> None:
    """Refuse an event that is larger than the limit, before anything reads it."""
    if value is not None and len(value) > limits.event_bytes:
        raise Rejected(Reason.TOO_LARGE, f"{len(value)} bytes, at most {limits.event_bytes} are accepted")


def check(record_name: str, datum: Datum, now_ms: int, limits: Limits) -> None:
    """Refuse an event with implausible content. ``now_ms`` is the worker's clock."""
    check_id(datum, "conversation_id", Reason.MISSING_CONVERSATION)
    check_id(datum, "event_id", Reason.MISSING_FIELD)
    check_id(datum, "tenant", Reason.MISSING_FIELD)
    if datum.get("customer_id") is not None:
        check_id(datum, "customer_id", Reason.OUT_OF_RANGE)
    check_time(datum["event_time"], now_ms, limits)
    CHECKS[record_name](datum)


def check_id(datum: Datum, name: str, missing: Reason) -> None:
    value = datum[name]
    if not value.strip():
        raise Rejected(missing, f"{name} is empty")
    if len(value) > ID_LENGTH:
        raise Rejected(Reason.OUT_OF_RANGE, f"{name} has {len(value)} characters, at most {ID_LENGTH}")
    if not value.isprintable():
        raise Rejected(Reason.OUT_OF_RANGE, f"{name} holds control characters")


def check_time(event_time: int, now_ms: int, limits: Limits) -> None:
    ahead = event_time - now_ms
    if not -limits.past_ms <= ahead <= limits.future_ms:
        days = abs(ahead) / DAY_MS
        raise Rejected(Reason.TIME_OUT_OF_RANGE, f"event_time is {days:.1f} days {'ahead' if ahead > 0 else 'ago'}")


def check_keystrokes(datum: Datum) -> None:
    lengths = {len(datum["keys"]), len(datum["pressed_ms"]), len(datum["dwell_ms"])}
    if len(lengths) > 1:
        raise Rejected(Reason.OUT_OF_RANGE, "keys, pressed_ms and dwell_ms differ in length")
    if lengths.pop() > BURST_KEYS:
        raise Rejected(Reason.OUT_OF_RANGE, f"a burst has at most {BURST_KEYS} keys")
    check_finite("pressed_ms", datum["pressed_ms"])
    check_finite("dwell_ms", datum["dwell_ms"])


def check_numbers(datum: Datum) -> None:
    for name, value in datum.items():
        if isinstance(value, float):
            check_finite(name, [value])


def check_prosody(datum: Datum) -> None:
    check_numbers(datum)
    if datum["duration_ms"] <= 0:
        raise Rejected(Reason.OUT_OF_RANGE, "duration_ms must be above 0")


def check_rating(datum: Datum) -> None:
    for name in ("clarity", "tone", "resonance"):
        value = datum[name]
        if value is not None and not 1 <= value <= 5:
            raise Rejected(Reason.OUT_OF_RANGE, f"{name} must be 1 to 5")
    if datum["message_id"] is not None:
        check_id(datum, "message_id", Reason.OUT_OF_RANGE)
    check_finite("intensity", [datum["intensity"]])
    if datum["intensity"] is not None and not 0 <= datum["intensity"] <= 1:
        raise Rejected(Reason.OUT_OF_RANGE, "intensity must be 0 to 1")
    check_comparison(datum)


def check_comparison(datum: Datum) -> None:
    """Two replies that stood side by side: the rated one and another."""
    other = datum["compared_with"]
    if other is None:
        if datum["preferred"] is not None:
            raise Rejected(Reason.MISSING_FIELD, "preferred needs compared_with")
        return
    check_id(datum, "compared_with", Reason.OUT_OF_RANGE)
    if datum["decision_id"] is None:
        raise Rejected(Reason.MISSING_FIELD, "compared_with needs decision_id")
    if other == datum["decision_id"]:
        raise Rejected(Reason.OUT_OF_RANGE, "compared_with is the rated decision itself")


def check_assignment(datum: Datum) -> None:
    for name in ("operator_id", "team"):
        if datum[name] is not None:
            check_id(datum, name, Reason.OUT_OF_RANGE)
    shown_to = datum["shown_to"]
    if shown_to is not None and not SHA256.fullmatch(shown_to):
        raise Rejected(Reason.OUT_OF_RANGE, "shown_to must be a SHA-256 of 64 hex digits, in lower case")
    if shown_to is not None and datum["operator_id"] is None:
        raise Rejected(Reason.MISSING_FIELD, "shown_to needs operator_id")


def check_finite(name: str, values: list[float | None]) -> None:
    if not all(value is None or math.isfinite(value) for value in values):
        raise Rejected(Reason.NOT_A_NUMBER, f"{name} holds a number that is not finite")


def check_nothing(datum: Datum) -> None:
    """Messages need no more than the common checks."""


CHECKS: dict[str, Callable[[Datum], None]] = {
    "message": check_nothing,
    "keystrokes": check_keystrokes,
    "navigation": check_numbers,
    "prosody": check_prosody,
    "rating": check_rating,
    "assignment": check_assignment,
}
