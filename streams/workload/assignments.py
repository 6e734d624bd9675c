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


def assignment_intervals(talk: ConversationLog, until: int, idle_ms: int) -> list[AssignmentInterval]:
    """The stints of a conversation up to a moment, in order.

    Args:
        until: what happens from then on is not looked at, milliseconds.
        idle_ms: a conversation in which nothing happened for longer was over after the last that did.
    """
    given = sorted((one for one in talk.assignments if one.at < until), key=lambda one: one[:2])
    beliefs = sorted((at, belief.raised) for at, belief in talk.beliefs.items() if at < until)
    alive = active_spans([*(one.at for one in given), *(at for at, _ in beliefs)], until, idle_ms)
    hostile = raised_spans(beliefs, alive, until)
    found: list[AssignmentInterval] = []
    for one, end in zip(given, [*(later.at for later in given[1:]), until], strict=False):
        for span in clip_to_active(one.at, end, alive):
            if one.operator is not None:
                append_interval(
                    found,
                    AssignmentInterval(
                        *span, one.operator, one.team, tuple(intersect_spans(hostile, span)), talk.channel
                    ),
                )
    return found


def append_interval(found: list[AssignmentInterval], stint: AssignmentInterval) -> None:
    """Append a stint; one that only says again who has the conversation goes on with the one before."""
    before = found[-1] if found else None
    if before and (before.operator, before.team, before.end) == (stint.operator, stint.team, stint.start):
        found[-1] = before._replace(end=stint.end, hostile=tuple(merge_spans(before.hostile + stint.hostile)))
    else:
        found.append(stint)


def active_spans(events: Iterable[int], until: int, idle_ms: int) -> list[Span]:
    """When the conversation was going on: from event to event, but for silences."""
    times = sorted(set(events))
    if not times:
        return []
    found: list[Span] = []
    start = times[0]
    for before, after in pairwise([*times, until]):
        if after - before > idle_ms:
            found.append((start, before + 1))
            start = after
    return [*found, (start, until)] if start < until else found


def raised_spans(beliefs: Sequence[tuple[int, bool]], alive: Sequence[Span], until: int) -> list[Span]:
    """When the customer counted as frustrated: from a turn that says so to the next, or until it fell silent."""
    ends = [*(at for at, _ in beliefs[1:]), until]
    spans = [clip_to_active(at, end, alive) for (at, is_raised), end in zip(beliefs, ends, strict=False) if is_raised]
    return merge_spans(one for found in spans for one in found)


def clip_to_active(start: int, end: int, alive: Iterable[Span]) -> list[Span]:
    """What began at ``start`` and lasted to ``end``, or until the conversation fell silent; nothing once it has."""
    return [(start, min(end, life[1])) for life in alive if life[0] <= start < min(end, life[1])]


def group_by_operator(found: Iterable[AssignmentInterval]) -> dict[str, list[AssignmentInterval]]:
    """Stints by operator, in order."""
    by: dict[str, list[AssignmentInterval]] = {}
    for stint in sorted(found, key=lambda one: (one.start, one.end)):
        by.setdefault(stint.operator, []).append(stint)
    return by
