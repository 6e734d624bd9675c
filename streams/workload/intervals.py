"""Spans of time: half-open, milliseconds, ``(start, end)`` with start below end."""

from collections.abc import Iterable

Span = tuple[int, int]


def merge_spans(spans: Iterable[Span], gap: int = 0) -> list[Span]:
    """Merge spans that overlap, in order.

    Args:
        gap: also merge spans this close or closer, milliseconds.
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged


def intersect_spans(spans: Iterable[Span], other: Span) -> list[Span]:
    """The parts of the spans within another span."""
    cut = [(max(start, other[0]), min(end, other[1])) for start, end in spans]
    return [span for span in cut if span[0] < span[1]]


def total_length(spans: Iterable[Span]) -> int:
    """How long they are together, milliseconds; what overlaps counts once."""
    return sum(end - start for start, end in merge_spans(spans))
