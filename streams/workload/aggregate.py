"""Workload: gathers who was assigned when and what was believed of customers, and tells of each period that is over.

What it tells follows from what happened by then, whatever the order it was read in and however often. It is told once
stream time has left the period behind; what is read later counts in later periods only.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from streams.alerts.rules import alert_for_workload
from streams.config.model import WorkloadConfig
from streams.outputs import Output
from streams.workload import team_metrics
from streams.workload.assignments import (
    Assignment,
    AssignmentInterval,
    BeliefPoint,
    ConversationLog,
    assignment_intervals,
    group_by_operator,
)
from streams.workload.intervals import Span
from streams.workload.operator_load import Exposure, measure_exposure

Datum = Mapping[str, Any]


class TenantWorkload:
    """What is known of the conversations of one tenant, a shift back."""

    def __init__(self) -> None:
        self.assignments: dict[str, dict[str, Assignment]] = {}  # by conversation and event
        self.beliefs: dict[str, dict[int, BeliefPoint]] = {}  # by conversation and time
        self.channels: dict[str, str] = {}

    def intervals(self, until: int, config: WorkloadConfig) -> list[AssignmentInterval]:
        return [
            interval
            for name in self.assignments
            for interval in assignment_intervals(self._log(name), until, config.idle_ms)
        ]

    def periods(self, begun: int, ended: int, config: WorkloadConfig) -> list[Span]:
        """Periods in which a conversation can have gone on, in order: of ten quiet years there are none."""
        length = config.period_ms
        times = {assignment.at for known in self.assignments.values() for assignment in known.values()}.union(
            *self.beliefs.values()
        )
        starts = {start for at in times for start in range(at // length * length, at + config.idle_ms + 1, length)}
        return [(start, start + length) for start in sorted(starts) if begun <= start <= ended - length]

    def forget(self, before: int, config: WorkloadConfig) -> None:
        """Drop conversations that were over before a moment, and of the others what says nothing."""
        for name in {*self.assignments, *self.beliefs}:
            times = [assignment.at for assignment in self.assignments.get(name, {}).values()]
            if max([*times, *self.beliefs.get(name, {})]) + config.idle_ms < before:
                for known in (self.assignments, self.beliefs, self.channels):
                    known.pop(name, None)
            elif name in self.beliefs:
                self.beliefs[name] = prune_beliefs(self.beliefs[name], before, config.idle_ms)

    def _log(self, name: str) -> ConversationLog:
        return ConversationLog(
            list(self.assignments[name].values()), self.beliefs.get(name, {}), self.channels.get(name)
        )


class WorkloadAggregate:
    """Folds assignments and trajectory points.

    Args:
        before: records told before, the latest last. A crash may have cut short the last period they tell of: a restart
            begins with it, and leaves out what they hold.
    """

    def __init__(self, config: WorkloadConfig, before: Iterable[Datum] = ()) -> None:
        self._config = config
        self._tenants: dict[str, TenantWorkload] = {}
        self._published_until: dict[str, int] = {}  # end of the last period that was told whole
        self._already_published: set[str] = set()
        self._strained: dict[tuple[str, str | None], int] = {}  # end of the last period under strain
        self._newest = 0
        for workload in before:
            tenant, since = workload["tenant"], workload["since"]
            self._published_until[tenant] = max(since, self._published_until.get(tenant, since))
            self._already_published.add(workload["workload_id"])
            if workload["strained"]:
                self._strained[tenant, workload["team"]] = workload["event_time"]

    def add_assignment(self, event: Datum) -> None:
        """Take in an assignment."""
        tenant, at = self._tenant(event), event["event_time"]
        assignment = Assignment(at, event["event_id"], event["operator_id"], event["team"])
        tenant.assignments.setdefault(event["conversation_id"], {})[assignment.event_id] = assignment

    def add_point(self, point: Datum) -> None:
        """Take in what was believed of a customer after a turn."""
        tenant, at = self._tenant(point), point["event_time"]
        belief, known = (
            BeliefPoint(point["turn"], point["raised"]),
            tenant.beliefs.setdefault(point["conversation_id"], {}),
        )
        known[at] = max(belief, known.get(at, belief))
        tenant.channels[point["conversation_id"]] = point["channel"]

    def close_periods(self, now: int) -> list[Output]:
        """What to tell of the periods that are over.

        Args:
            now: a time that cannot lie ahead, milliseconds: a clock that runs ahead closes nothing.
        """
        ended = (min(self._newest, now) - self._config.grace_ms) // self._config.period_ms * self._config.period_ms
        return [output for name in sorted(self._tenants) for output in self._close(name, ended)]

    def _tenant(self, datum: Datum) -> TenantWorkload:
        self._newest = max(self._newest, datum["event_time"])
        return self._tenants.setdefault(datum["tenant"], TenantWorkload())

    def _close(self, name: str, ended: int) -> list[Output]:
        tenant, config, outputs = self._tenants[name], self._config, list[Output]()
        begun = self._published_until.get(name, 0) // config.period_ms * config.period_ms
        if begun >= ended:
            return []
        for period in tenant.periods(begun, ended, config):
            for team, members in team_metrics.group_by_team(
                measure_exposures(tenant.intervals(period[1], config), period, config)
            ):
                outputs += self._with_alert(team_metrics.team_record(name, team, period, members, config))
            tenant.forget(period[0] - config.shift_ms, config)
        tenant.forget(ended - config.period_ms - config.shift_ms, config)
        self._published_until[name] = max(ended, self._published_until.get(name, ended))
        return outputs

    def _with_alert(self, output: Output) -> list[Output]:
        """A team's record, and the alert where it has come under strain: not in the period before, but in this."""
        workload = output.datum
        if output.id in self._already_published:
            return []
        if not workload["strained"]:
            return [output]
        team_key = workload["tenant"], workload["team"]
        continues = self._strained.get(team_key) == workload["since"]
        self._strained[team_key] = workload["event_time"]
        return [output] if continues else [output, alert_for_workload(workload)]


def measure_exposures(intervals: Iterable[AssignmentInterval], period: Span, config: WorkloadConfig) -> list[Exposure]:
    """What each operator had to take, without their names."""
    shift = [exposure for exposure in intervals if exposure.end > period[0] - config.shift_ms]
    each = (measure_exposure(own, period, config) for own in group_by_operator(shift).values())
    return [exposure for exposure in each if exposure is not None]


def prune_beliefs(beliefs: Mapping[int, BeliefPoint], before: int, idle_ms: int) -> dict[int, BeliefPoint]:
    """Beliefs without those before a moment that stand between two alike: they change nothing."""
    times = sorted(beliefs)
    retained = times[:1]
    for at, then in pairwise(times[1:]):
        alike = beliefs[retained[-1]].raised == beliefs[at].raised == beliefs[then].raised
        if not alike or then >= before or then - retained[-1] > idle_ms:
            retained.append(at)
    return {at: beliefs[at] for at in [*retained, *times[1:][-1:]]}
