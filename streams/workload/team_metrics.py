"""Team metrics: figures of a team in a period, from its operators' exposures. Only these leave the process.

Below the minimum group size a figure is null, with the reason. So is a figure that fewer operators contribute to. All
are rounded, so that no operator can be computed from differences.
"""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from streams import ids
from streams.config.model import WorkloadConfig
from streams.outputs import Output
from streams.workload.intervals import Span
from streams.workload.operator_load import Exposure

MINUTE_MS = 60_000
FIGURES = (
    *("operators", "work_minutes", "hostile_minutes", "hard_in_a_row", "breaks_missed", "recovery_minutes"),
    *("channel", "channel_share"),
)
Figures = dict[str, Any]


def group_by_team(exposures: Iterable[Exposure]) -> list[tuple[str | None, list[Exposure]]]:
    """Exposures by team, in order; those without a team last."""
    teams: dict[str | None, list[Exposure]] = {}
    for exposure in exposures:
        teams.setdefault(exposure.team, []).append(exposure)
    return sorted(teams.items(), key=lambda item: (item[0] is None, item[0] or ""))


def team_record(
    tenant: str, team: str | None, period: Span, members: Sequence[Exposure], config: WorkloadConfig
) -> Output:
    """The record of a team in a period."""
    workload_id = ids.stable_id("workload", tenant, "" if team is None else f"team {team}", *period)
    reason = "no_team" if team is None else "small_group" if len(members) < config.least else None
    figures, reasons = compute_figures(members, config) if reason is None else ({}, dict.fromkeys(FIGURES, reason))
    datum = {
        "workload_id": workload_id,
        "event_time": period[1],
        "tenant": tenant,
        "team": team,
        "since": period[0],
        **dict.fromkeys(FIGURES),
        **figures,
        "strained": find_strained(figures, config),
        "reasons": reasons,
        "config_version": config.version,
    }
    return Output("team_workload", workload_id, datum)


def compute_figures(members: Sequence[Exposure], config: WorkloadConfig) -> tuple[Figures, dict[str, str]]:
    """Figures of a team that is large enough, and the reasons for missing ones."""
    rested = [fmean(member.recoveries) for member in members if member.recoveries]
    channel, share = busiest_channel(members)
    figures: Figures = {
        "operators": len(members),
        "work_minutes": mean_minutes(member.work_ms for member in members),
        "hostile_minutes": mean_minutes(member.hostile_ms for member in members),
        "hard_in_a_row": mean_count(member.hard_in_a_row for member in members),
        "breaks_missed": mean_count(member.breaks_missed for member in members),
        "recovery_minutes": mean_minutes(rested) if len(rested) >= config.least else None,
        "channel": channel,
        "channel_share": share,
    }
    reasons = {} if channel else dict.fromkeys(("channel", "channel_share"), "no_hostile_minutes")
    return figures, reasons | (
        {} if figures["recovery_minutes"] is not None else {"recovery_minutes": "few_hard_cases"}
    )


def mean_minutes(times: Iterable[float]) -> float:
    """Mean of times in milliseconds, as whole minutes."""
    return float(round(fmean(times) / MINUTE_MS))


def mean_count(counts: Iterable[int]) -> float:
    return round(fmean(counts), 1)


def busiest_channel(members: Sequence[Exposure]) -> tuple[str | None, float | None]:
    """Channel with the most hostile time, and its share; ties by name."""
    sums: dict[str, int] = {}
    for member in members:
        for channel, time in member.by_channel.items():
            sums[channel] = sums.get(channel, 0) + time
    if not sums:
        return None, None
    name = min(sums, key=lambda channel: (-sums[channel], channel))
    return name, round(sums[name] / sum(sums.values()), 1)


def find_strained(figures: Figures, config: WorkloadConfig) -> list[str]:
    """Names of the figures above their limit."""
    if not figures:
        return []
    limits = {
        "hostile_minutes": config.hostile_share * figures["work_minutes"],
        "hard_in_a_row": config.hard_in_a_row,
        "breaks_missed": config.breaks_missed,
    }
    return [name for name, limit in limits.items() if figures[name] and figures[name] >= limit]
