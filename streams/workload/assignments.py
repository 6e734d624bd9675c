"""Assignment intervals: which operator had which conversation when, and when its customer's frustration was raised.

There are two inputs: who was assigned when, and the **customer's** frustration. Nothing an operator wrote, typed or
said is an input, so the result says nothing about an operator but which conversations they had.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from streams.workload.intervals import Span, intersect_spans, merge_spans


class Assignment(NamedTuple):
    """Who has a conversation from ``at`` on, milliseconds; ``operator`` None for nobody, or unknown."""

    at: int
    event_id: str
    operator: str | None
    team: str | None


class BeliefPoint(NamedTuple):
    """The customer's frustration after a turn.

    Attributes:
        turn: customer turn, from 1; of two at the same time the later one counts.
        raised: whether frustration was raised.
    """

    turn: int
    raised: bool


class AssignmentInterval(NamedTuple):
    """The time an operator had one conversation.

    Attributes:
        hostile: when the customer's frustration was raised; an interval with any is a *hard case*.
        channel: channel of the conversation; None before the customer wrote.
    """

    start: int
    end: int
    operator: str
    team: str | None
    hostile: tuple[Span, ...]
    channel: str | None


class ConversationLog(NamedTuple):
    """Assignments and frustration of one conversation, in any order."""

    assignments: Sequence[Assignment]
    beliefs: Mapping[int, BeliefPoint]
    channel: str | None


def assignment_intervals(log: ConversationLog, until: int, idle_ms: int) -> list[AssignmentInterval]:
    """The assignment intervals of a conversation, in order.

    Args:
        until: ignore events from then on, milliseconds.
        idle_ms: a conversation without events for longer than this had ended with the last one.
    """
    assignments = sorted(
        (assignment for assignment in log.assignments if assignment.at < until), key=lambda assignment: assignment[:2]
    )
    beliefs = sorted((at, belief.raised) for at, belief in log.beliefs.items() if at < until)
    active = active_spans([*(assignment.at for assignment in assignments), *(at for at, _ in beliefs)], until, idle_ms)
    hostile = raised_spans(beliefs, active, until)
    intervals: list[AssignmentInterval] = []
    for assignment, end in zip(assignments, [*(later.at for later in assignments[1:]), until], strict=False):
        for span in clip_to_active(assignment.at, end, active):
            if assignment.operator is not None:
                append_interval(
                    intervals,
                    AssignmentInterval(
                        *span, assignment.operator, assignment.team, tuple(intersect_spans(hostile, span)), log.channel
                    ),
                )
    return intervals


def append_interval(intervals: list[AssignmentInterval], interval: AssignmentInterval) -> None:
    """Append an interval; one of the same operator and team extends the previous one."""
    before = intervals[-1] if intervals else None
    if before and (before.operator, before.team, before.end) == (interval.operator, interval.team, interval.start):
        intervals[-1] = before._replace(end=interval.end, hostile=tuple(merge_spans(before.hostile + interval.hostile)))
    else:
        intervals.append(interval)


def active_spans(events: Iterable[int], until: int, idle_ms: int) -> list[Span]:
    """When the conversation was active: from event to event, without silences."""
    times = sorted(set(events))
    if not times:
        return []
    spans: list[Span] = []
    start = times[0]
    for before, after in pairwise([*times, until]):
        if after - before > idle_ms:
            spans.append((start, before + 1))
            start = after
    return [*spans, (start, until)] if start < until else spans


def raised_spans(beliefs: Sequence[tuple[int, bool]], active: Sequence[Span], until: int) -> list[Span]:
    """When frustration was raised: from a turn with it to the next turn, or until the conversation fell silent."""
    ends = [*(at for at, _ in beliefs[1:]), until]
    spans = [clip_to_active(at, end, active) for (at, is_raised), end in zip(beliefs, ends, strict=False) if is_raised]
    return merge_spans(span for clipped in spans for span in clipped)


def clip_to_active(start: int, end: int, active: Iterable[Span]) -> list[Span]:
    """The span from ``start`` to ``end``, cut when the conversation fell silent; nothing after that."""
    return [(start, min(end, span[1])) for span in active if span[0] <= start < min(end, span[1])]


def group_by_operator(intervals: Iterable[AssignmentInterval]) -> dict[str, list[AssignmentInterval]]:
    """Intervals by operator, in order."""
    by_operator: dict[str, list[AssignmentInterval]] = {}
    for interval in sorted(intervals, key=lambda interval: (interval.start, interval.end)):
        by_operator.setdefault(interval.operator, []).append(interval)
    return by_operator
