"""Exposure of one operator in a period, from assignment intervals alone; never stored.

A *break* is time without any conversation. The figures say nothing about the operator: anybody with the same
conversations at the same times has the same figures.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from streams.config.model import WorkloadConfig
from streams.workload.assignments import AssignmentInterval
from streams.workload.intervals import Span, intersect_spans, merge_spans, total_length


class Exposure(NamedTuple):
    """Exposure of one operator in one period.

    Attributes:
        team: team of the last conversation in the period.
        work_ms: time with a conversation; parallel ones count once.
        hostile_ms: time of it in which the frustration of any customer was raised.
        hard_in_a_row: longest run of hard cases up to one of this period, without an easy case or a break between.
        breaks_missed: breaks that became due in the period and were not taken.
        recoveries: times between a hard case and the next, milliseconds; 0 if they overlap.
    """

    team: str | None
    work_ms: int
    hostile_ms: int
    by_channel: dict[str, int]
    hard_in_a_row: int
    breaks_missed: int
    recoveries: tuple[int, ...]


def measure_exposure(intervals: Sequence[AssignmentInterval], period: Span, config: WorkloadConfig) -> Exposure | None:
    """Exposure of an operator; None without a conversation in the period.

    Args:
        intervals: all of this operator, in order, of the shift before the period as well.
        period: milliseconds.
    """
    in_period = [interval for interval in intervals if interval.start < period[1] and interval.end > period[0]]
    if not in_period:
        return None
    return Exposure(
        team=in_period[-1].team,
        work_ms=total_length(intersect_spans(interval_spans(in_period), period)),
        hostile_ms=total_length(intersect_spans(hostile_spans(in_period), period)),
        by_channel=hostile_ms_by_channel(in_period, period),
        hard_in_a_row=max((run for interval, run in count_runs(intervals, config) if interval in in_period), default=0),
        breaks_missed=count_missed_breaks(intervals, period, config),
        recoveries=tuple(recovery_times(intervals, period, config)),
    )


def interval_spans(intervals: Sequence[AssignmentInterval]) -> list[Span]:
    return [(interval.start, interval.end) for interval in intervals]


def hostile_spans(intervals: Sequence[AssignmentInterval]) -> list[Span]:
    return [span for interval in intervals for span in interval.hostile]


def hostile_ms_by_channel(intervals: Sequence[AssignmentInterval], period: Span) -> dict[str, int]:
    """Hostile time by channel, milliseconds."""
    channels = sorted({interval.channel for interval in intervals if interval.channel is not None})
    times = {name: hostile_spans([interval for interval in intervals if interval.channel == name]) for name in channels}
    return {name: total for name, spans in times.items() if (total := total_length(intersect_spans(spans, period)))}


def count_runs(
    intervals: Sequence[AssignmentInterval], config: WorkloadConfig
) -> Iterator[tuple[AssignmentInterval, int]]:
    """Each interval with the number of hard cases in a row up to it; 0 for an easy one."""
    run, busy_until = 0, None
    for interval in intervals:
        if busy_until is not None and interval.start - busy_until >= config.break_ms:
            run = 0
        run = run + 1 if interval.hostile else 0
        busy_until = max(interval.end, busy_until or interval.end)
        yield interval, run


def count_missed_breaks(intervals: Sequence[AssignmentInterval], period: Span, config: WorkloadConfig) -> int:
    """Breaks that became due in the period: one every ``work_s`` of work without a break."""
    stretches = merge_spans(interval_spans(intervals), config.break_ms - 1)
    return sum(
        count_due_breaks(stretch, period[1], config) - count_due_breaks(stretch, period[0], config)
        for stretch in stretches
    )


def count_due_breaks(stretch: Span, until: int, config: WorkloadConfig) -> int:
    """Breaks that became due in a stretch of work before ``until``."""
    return max(0, min(stretch[1], until) - stretch[0] - 1) // config.work_ms


def recovery_times(intervals: Sequence[AssignmentInterval], period: Span, config: WorkloadConfig) -> Iterator[int]:
    """Times between a hard case and the next one that began in the period; a night between does not count."""
    hard = [interval for interval in intervals if interval.hostile]
    busy_until = min((interval.end for interval in hard), default=0)
    for before, after in pairwise(hard):
        busy_until = max(busy_until, before.end)
        rest = max(0, after.start - busy_until)
        if period[0] <= after.start < period[1] and rest < config.shift_ms:
            yield rest
