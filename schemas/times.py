"""Converts times between text and milliseconds since the epoch. Reads no clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def format_time(at: int) -> str:
    """A time in UTC, to the millisecond."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def parse_time(value: object) -> int | None:
    """Milliseconds since the epoch of a time with an offset, as text or as YAML reads it; None for anything else."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    return round(at.timestamp() * 1000) if isinstance(at, datetime) and at.tzinfo is not None else None


def minute_of_day(at: int, zone: ZoneInfo) -> int:
    """Minutes since midnight on the clock of a time zone."""
    local = datetime.fromtimestamp(at / 1000, zone)
    return local.hour * 60 + local.minute
