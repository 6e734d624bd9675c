"""Record headers: CloudEvents on what we publish, Connect-style error headers on what we refuse."""

from collections.abc import Iterable
from datetime import UTC, datetime

from schemas.codec import CONTRACT_VERSION, VERSION_HEADER
from schemas.errors import Rejected
from schemas.records import Record

ERROR_PREFIX = "__connect.errors."

HeaderList = list[tuple[str, bytes]]


def cloud_event_headers(record: Record, event_id: str, event_time_ms: int, source: str) -> HeaderList:
    """Headers of one published record (CloudEvents 1.0, Kafka binding, binary mode)."""
    time = datetime.fromtimestamp(event_time_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_type", record.full_name.encode()),
        ("ce_source", source.encode()),
        ("ce_time", time.encode()),
        ("content-type", b"application/avro"),
        (VERSION_HEADER, CONTRACT_VERSION.encode()),
    ]


def dead_letter_headers(
    original: Iterable[tuple[str, bytes | None]],
    refusal: Rejected,
    position: tuple[str, int, int],
    stage: str,
) -> list[tuple[str, bytes | None]]:
    """Headers of a refused event: its own, then why and where.

    Args:
        original: the event's own headers, kept as they are.
        refusal: why it was refused.
        position: topic, partition and offset of the event.
        stage: step that refused it, as ``ingest``.
    """
    topic, partition, offset = position
    errors = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
        "stage": stage,
        "reason": str(refusal.reason),
        "exception.class.name": f"tenor.{type(refusal).__name__}",
        "exception.message": refusal.detail,
    }
    return [*without_errors(original), *((ERROR_PREFIX + name, value.encode()) for name, value in errors.items())]


def error_headers(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """The error headers of a dead letter by name, without their prefix; the last one counts where a name repeats."""
    return {
        name.removeprefix(ERROR_PREFIX): value.decode(errors="replace")
        for name, value in headers
        if value is not None and name.startswith(ERROR_PREFIX)
    }


def without_errors(headers: Iterable[tuple[str, bytes | None]]) -> list[tuple[str, bytes | None]]:
    """The headers an event had before it was refused."""
    return [(name, value) for name, value in headers if not name.startswith(ERROR_PREFIX)]
