"""A record of a dead letter queue as a row: where it came from and why it was refused, without its payload.

Nothing here can fail, since a dead letter has nowhere else to go and any writer may put anything into the topic. A
record that cannot be read becomes a row with the reason ``unknown``, at its position in the dead letter queue.
"""

import re
from collections.abc import Mapping
from typing import Any

from agents.clickhouse.tables import Row, Table
from schemas.headers import error_headers

UNKNOWN = "unknown"
SUFFIX = ".dlq"
TEXT_LENGTH = 1000
LATEST_MS = 4_102_444_800_000  # 2100: a producer may send any timestamp, and a DateTime64 ends not long after
REASON = re.compile(r"[a-z_]{1,64}")
NUMBER_LIMITS = {"partition": 2**31, "offset": 2**63}

COLUMNS = (
    "topic",
    "partition",
    "offset",
    "failed_at",
    "stage",
    "reason",
    "message",
    "bytes",
    "dlq_partition",
    "dlq_offset",
)


def dead_letter_row(message: Any) -> Row:
    """The row of a consumed record (topic, partition, offset, value, headers, timestamp in milliseconds)."""
    headers = {name: text[:TEXT_LENGTH] for name, text in error_headers(message.headers or ()).items()}
    reason = headers.get("reason", "")
    ours = REASON.fullmatch(reason) is not None  # text that others wrote may quote the payload: leave it out
    return {
        **refused_position(message, headers),
        "failed_at": min(max(message.timestamp, 0), LATEST_MS),
        "reason": reason if ours else UNKNOWN,
        "message": headers.get("exception.message", "") if ours else "",
        "bytes": len(message.value or b""),
        "dlq_partition": message.partition,
        "dlq_offset": message.offset,
    }


def refused_position(message: Any, headers: Mapping[str, str]) -> Row:
    """The position of the refused event; the dead letter's own where its headers do not say."""
    partition, offset = parse_number(headers, "partition"), parse_number(headers, "offset")
    if "topic" not in headers or partition is None or offset is None:
        topic = message.topic.removesuffix(SUFFIX)
        return {"topic": topic, "partition": message.partition, "offset": message.offset, "stage": UNKNOWN}
    return {"topic": headers["topic"], "partition": partition, "offset": offset, "stage": headers.get("stage", UNKNOWN)}


def parse_number(headers: Mapping[str, str], name: str) -> int | None:
    """A header as a whole number from 0 that fits its column; None otherwise."""
    text = headers.get(name, "")
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    return value if value is not None and value < NUMBER_LIMITS[name] else None


DEAD_LETTERS = Table("dead_letters", COLUMNS, dead_letter_row)
