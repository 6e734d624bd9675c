"""``tenor report``: traffic, detection, decisions, outcomes and effects, from ClickHouse."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from clickhouse_driver import Client

from agents.clickhouse.client import rows, session
from agents.clickhouse.migrate import require_current
from agents.recordings.model import Truth
from agents.reports import effects, ratings, wording
from agents.reports.report_view import print_report
from agents.settings.model import Settings
from agents.training.detection import DetectionPoint, evaluate_detection

__all__ = ["as_json", "print_report", "report"]

Report = dict[str, Any]
Section = Callable[[Client], Any]

REPLAY_NOTE = "Recorded customers cannot react to an intervention, so in a replay no effect is expected."

TRAFFIC = """
SELECT uniqExact(tenant, conversation_id), uniqExact(tenant, conversation_id, event_id), count(),
    uniqExactIf((tenant, conversation_id), raised)
FROM trajectories
"""
POINTS = "SELECT conversation_id, turn, toUnixTimestamp64Milli(event_time), level, raised FROM trajectories"
DECISIONS = """
SELECT count(), countIf(available), countIf(kind = %(reroute)s), countIf(kind = %(escalation)s) FROM decided
"""
ALERTS = "SELECT rule, count() FROM alerted GROUP BY rule ORDER BY rule"
DEAD_LETTERS = "SELECT topic, reason, count() FROM refused GROUP BY topic, reason ORDER BY topic, reason"
WORDS = {"reroute": "reroute", "escalation": "escalation"}


def report(settings: Settings, truths: Iterable[Truth] | None = None) -> Report:
    """Everything ``tenor report`` shows. None stands for insufficient data.

    Args:
        settings: the deployment's settings.
        truths: labels of the turns, where the conversations come from a labelled recording.
    """
    require_current(settings)
    with session(settings) as client:
        return build_report(client, truths)


def build_report(client: Client, truths: Iterable[Truth] | None) -> Report:
    report = {
        "traffic": report_traffic(client),
        "detection": None if truths is None else evaluate_detection(read_points(client), truths),
        "note": None if truths is None else REPLAY_NOTE,
    }
    return report | {name: section(client) for name, section in SECTIONS.items()}


def as_json(found: Report) -> str:
    """The report as JSON; it holds no NaN."""
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)


def to_report(names: Sequence[str], row: Sequence[Any]) -> Report:
    return dict(zip(names, row, strict=True))


def report_traffic(client: Client) -> Report:
    (row,) = client.execute(TRAFFIC)
    return to_report(("conversations", "customer_turns", "points", "raised_conversations"), row)


def read_points(client: Client) -> Iterable[DetectionPoint]:
    return (DetectionPoint(*row) for row in client.execute_iter(POINTS))


def report_decisions(client: Client) -> Report:
    (row,) = client.execute(DECISIONS, WORDS)
    return to_report(("decision_points", "available", "reroutes", "escalations"), row)


def report_dead_letters(client: Client) -> list[Report]:
    return [to_report(("topic", "reason", "count"), row) for row in client.execute(DEAD_LETTERS)]


def query_section(query: str) -> Section:
    """A section that is the rows of a query."""
    return lambda client: rows(client, query)


# What a report holds beside traffic and detection. How each is shown: report_view.SECTIONS.
SECTIONS: dict[str, Section] = {
    "decisions": report_decisions,
    "interventions": effects.report_interventions,
    "randomisation": effects.report_data_quality,
    "policy_values": query_section(effects.VALUES),
    "time_to_recovery": query_section(effects.RECOVERY),
    "holdout": query_section(effects.HOLDOUT),
    "calibration": query_section(effects.CALIBRATION),
    "ratings": ratings.report_ratings,
    "wording": wording.wording_effects,
    "policy": query_section(effects.POLICY),
    "alerts": lambda client: dict(client.execute(ALERTS)),
    "dead_letters": report_dead_letters,
    "did_it_help": effects.report_conclusions,
}
