"""From consumed Kafka records to domain records."""

from typing import Any

import structlog

from agents.kafka.record_builder import headers_of
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import Datum, Record, record
from schemas.validation import Limits, check, check_size

log = structlog.get_logger(__name__)


def decode(codec: Codec, schema: Record, message: Any) -> Datum:
    """The record a message holds; ``Rejected`` when it cannot be read."""
    return codec.decode(schema, message.value, headers_of(message))


def decode_or_none(codec: Codec, schema: Record, message: Any) -> Datum | None:
    """The record a message holds; None when it cannot be read: another process sends it to the dead letters."""
    try:
        return decode(codec, schema, message)
    except Rejected:
        return None


def decode_or_warn(codec: Codec, schema: Record, message: Any) -> Datum | None:
    """The record a message holds; None, and a warning in the log, when it cannot be read."""
    try:
        return decode(codec, schema, message)
    except Rejected as refusal:
        log.warning("a record cannot be read", topic=message.topic, offset=message.offset, reason=str(refusal.reason))
        return None


def decode_checked(codec: Codec, name: str, message: Any, limits: Limits, now_ms: int) -> Datum:
    """An event from outside, its size and fields checked; ``Rejected`` when it must not be used.

    Args:
        name: of the record, as ``rating``.
        now_ms: present time, milliseconds; an event may be only so old, and not of the future.
    """
    check_size(message.value, limits)
    datum = decode(codec, record(name), message)
    check(name, datum, now_ms, limits)
    return datum
