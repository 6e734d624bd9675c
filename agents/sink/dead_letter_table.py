"""A record of a dead letter queue as a row: where it came from and why it was refused, without its payload.

Nothing here can fail. Whoever may write to the topic may write anything, and a dead letter has nowhere else to go:
what cannot be read becomes a row with the reason ``unknown``, at its place in the dead letter queue.
"""

import re
from collections.abc import Mapping
from typing import Any

from agents.clickhouse.tables import Row, Table
from schemas.headers import error_headers

UNKNOWN = "unknown"
SUFFIX = ".dlq"
TEXT_LENGTH = 1000
LATEST_MS = 4_102_444_800_000  # 2100: a producer may claim any time, a DateTime64 ends not long after
REASON = re.compile(r"[a-z_]{1,64}")
LONGS = {"partition": 2**31, "offset": 2**63}

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
    said = {name: text[:TEXT_LENGTH] for name, text in error_headers(message.headers or ()).items()}
    reason = said.get("reason", "")
    ours = REASON.fullmatch(reason) is not None  # text that others wrote may quote the payload: left out
    return {
        **origin(message, said),
        "failed_at": min(max(message.timestamp, 0), LATEST_MS),
        "reason": reason if ours else UNKNOWN,
        "message": said.get("exception.message", "") if ours else "",
        "bytes": len(message.value or b""),
        "dlq_partition": message.partition,
        "dlq_offset": message.offset,
    }


def origin(message: Any, said: Mapping[str, str]) -> Row:
    """Where the refused event stood; where its dead letter stands when that was not said."""
    partition, offset = number(said, "partition"), number(said, "offset")
    if "topic" not in said or partition is None or offset is None:
        topic = message.topic.removesuffix(SUFFIX)
        return {"topic": topic, "partition": message.partition, "offset": message.offset, "stage": UNKNOWN}
    return {"topic": said["topic"], "partition": partition, "offset": offset, "stage": said.get("stage", UNKNOWN)}


def number(said: Mapping[str, str], name: str) -> int | None:
    """A whole number from 0 that fits its column, None when it is not."""
    text = said.get(name, "")
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
    return value if value is not None and value < LONGS[name] else None


DEAD_LETTERS = Table("dead_letters", COLUMNS, dead_letter_row)
