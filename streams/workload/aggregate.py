"""Workload: gathers who was assigned when and what was believed of customers, and tells of each period that is over.

What it tells follows from what happened by then, whatever the order it was read in and however often. It is told once
stream time has left the period behind; what is read later counts in later periods only.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from streams.alerts.rules import of_workload
from streams.config.model import WorkloadConfig
from streams.outputs import Output
from streams.workload import team_metrics
from streams.workload.assignments import Assignment, AssignmentInterval, BeliefPoint, ConversationLog, operators, stints
from streams.workload.intervals import Span
from streams.workload.operator_load import Exposure, exposure

Datum = Mapping[str, Any]


class TenantWorkload:
    """What is known of the conversations of one tenant, a shift back."""

    def __init__(self) -> None:
        self.assignments: dict[str, dict[str, Assignment]] = {}  # by conversation and event
        self.beliefs: dict[str, dict[int, BeliefPoint]] = {}  # by conversation and time
        self.channels: dict[str, str] = {}

    def stints(self, until: int, config: WorkloadConfig) -> list[AssignmentInterval]:
        return [one for name in self.assignments for one in stints(self._talk(name), until, config.idle_ms)]

    def periods(self, begun: int, ended: int, config: WorkloadConfig) -> list[Span]:
        """Periods in which a conversation can have gone on, in order: of ten quiet years there are none."""
        length = config.period_ms
        times = {one.at for known in self.assignments.values() for one in known.values()}.union(*self.beliefs.values())
        starts = {start for at in times for start in range(at // length * length, at + config.idle_ms + 1, length)}
        return [(start, start + length) for start in sorted(starts) if begun <= start <= ended - length]

    def forget(self, before: int, config: WorkloadConfig) -> None:
        """Drop conversations that were over before a moment, and of the others what says nothing."""
        for name in {*self.assignments, *self.beliefs}:
            times = [one.at for one in self.assignments.get(name, {}).values()]
            if max([*times, *self.beliefs.get(name, {})]) + config.idle_ms < before:
                for known in (self.assignments, self.beliefs, self.channels):
                    known.pop(name, None)
            elif name in self.beliefs:
                self.beliefs[name] = telling(self.beliefs[name], before, config.idle_ms)

    def _talk(self, name: str) -> ConversationLog:
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
        self._told: dict[str, int] = {}  # end of the last period that was told whole
        self._before: set[str] = set()
        self._strained: dict[tuple[str, str | None], int] = {}  # end of the last period under strain
        self._newest = 0
        for workload in before:
            tenant, since = workload["tenant"], workload["since"]
            self._told[tenant] = max(since, self._told.get(tenant, since))
            self._before.add(workload["workload_id"])
            if workload["strained"]:
                self._strained[tenant, workload["team"]] = workload["event_time"]

    def assigned(self, event: Datum) -> None:
        """Take in an assignment."""
        tenant, at = self._tenant(event), event["event_time"]
        one = Assignment(at, event["event_id"], event["operator_id"], event["team"])
        tenant.assignments.setdefault(event["conversation_id"], {})[one.event_id] = one

    def turned(self, point: Datum) -> None:
        """Take in what was believed of a customer after a turn."""
        tenant, at = self._tenant(point), point["event_time"]
        belief, known = (
            BeliefPoint(point["turn"], point["raised"]),
            tenant.beliefs.setdefault(point["conversation_id"], {}),
        )
        known[at] = max(belief, known.get(at, belief))
        tenant.channels[point["conversation_id"]] = point["channel"]

    def due(self, now: int) -> list[Output]:
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
        begun = self._told.get(name, 0) // config.period_ms * config.period_ms
        if begun >= ended:
            return []
        for period in tenant.periods(begun, ended, config):
            for team, members in team_metrics.by_team(exposures(tenant.stints(period[1], config), period, config)):
                outputs += self._told_of(team_metrics.told(name, team, period, members, config))
            tenant.forget(period[0] - config.shift_ms, config)
        tenant.forget(ended - config.period_ms - config.shift_ms, config)
        self._told[name] = max(ended, self._told.get(name, ended))
        return outputs

    def _told_of(self, output: Output) -> list[Output]:
        """A team's record, and the alert where it has come under strain: not in the period before, but in this."""
        workload = output.datum
        if output.id in self._before:
            return []
        if not workload["strained"]:
            return [output]
        whose = workload["tenant"], workload["team"]
        lasts = self._strained.get(whose) == workload["since"]
        self._strained[whose] = workload["event_time"]
        return [output] if lasts else [output, of_workload(workload)]


def exposures(found: Iterable[AssignmentInterval], period: Span, config: WorkloadConfig) -> list[Exposure]:
    """What each operator had to take, without their names."""
    shift = [one for one in found if one.end > period[0] - config.shift_ms]
    each = (exposure(own, period, config) for own in operators(shift).values())
    return [one for one in each if one is not None]


def telling(beliefs: Mapping[int, BeliefPoint], before: int, idle_ms: int) -> dict[int, BeliefPoint]:
    """Beliefs without those before a moment that stand between two alike: they change nothing."""
    times = sorted(beliefs)
    kept = times[:1]
    for at, then in pairwise(times[1:]):
        alike = beliefs[kept[-1]].raised == beliefs[at].raised == beliefs[then].raised
        if not alike or then >= before or then - kept[-1] > idle_ms:
            kept.append(at)
    return {at: beliefs[at] for at in [*kept, *times[1:][-1:]]}
