"""Stints: which operator had which conversation from when to when, and when its customer counted as frustrated.

All there is to read are two things: who was assigned when, and what was believed of the **customer**. Nothing an
operator wrote, typed or said comes in, so nothing of an operator can be read out of it but where they worked.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from streams.workload.intervals import Span, intersect_spans, merge_spans


class Assignment(NamedTuple):
    """Who has a conversation from ``at`` on, milliseconds; nobody, or nobody known, where ``operator`` is None."""

    at: int
    event_id: str
    operator: str | None
    team: str | None


class BeliefPoint(NamedTuple):
    """What was believed of the customer after a turn of theirs.

    Attributes:
        turn: customer turn, from 1: of two at the same time the later one counts.
        raised: whether frustration counted as raised.
    """

    turn: int
    raised: bool


class AssignmentInterval(NamedTuple):
    """An operator with one conversation.

    Attributes:
        hostile: when its customer counted as frustrated; a stint with any is a *hard case*.
        channel: of the conversation; None before its customer wrote.
    """

    start: int
    end: int
    operator: str
    team: str | None
    hostile: tuple[Span, ...]
    channel: str | None


class ConversationLog(NamedTuple):
    """What is known of one conversation: both by time, in any order."""

    assignments: Sequence[Assignment]
    beliefs: Mapping[int, BeliefPoint]
    channel: str | None


def assignment_intervals(log: ConversationLog, until: int, idle_ms: int) -> list[AssignmentInterval]:
    """The stints of a conversation up to a moment, in order.

    Args:
        until: what happens from then on is not looked at, milliseconds.
        idle_ms: a conversation in which nothing happened for longer was over after the last that did.
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
    """Append a stint; one that only says again who has the conversation goes on with the one before."""
    before = intervals[-1] if intervals else None
    if before and (before.operator, before.team, before.end) == (interval.operator, interval.team, interval.start):
        intervals[-1] = before._replace(end=interval.end, hostile=tuple(merge_spans(before.hostile + interval.hostile)))
    else:
        intervals.append(interval)


def active_spans(events: Iterable[int], until: int, idle_ms: int) -> list[Span]:
    """When the conversation was going on: from event to event, but for silences."""
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
    """When the customer counted as frustrated: from a turn that says so to the next, or until it fell silent."""
    ends = [*(at for at, _ in beliefs[1:]), until]
    spans = [clip_to_active(at, end, active) for (at, is_raised), end in zip(beliefs, ends, strict=False) if is_raised]
    return merge_spans(span for clipped in spans for span in clipped)


def clip_to_active(start: int, end: int, active: Iterable[Span]) -> list[Span]:
    """What began at ``start`` and lasted to ``end``, or until the conversation fell silent; nothing once it has."""
    return [(start, min(end, span[1])) for span in active if span[0] <= start < min(end, span[1])]


def group_by_operator(intervals: Iterable[AssignmentInterval]) -> dict[str, list[AssignmentInterval]]:
    """Stints by operator, in order."""
    by_operator: dict[str, list[AssignmentInterval]] = {}
    for interval in sorted(intervals, key=lambda interval: (interval.start, interval.end)):
        by_operator.setdefault(interval.operator, []).append(interval)
    return by_operator
