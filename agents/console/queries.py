"""What the console asks ClickHouse. Values are bound parameters, never part of a statement.

What is asked again and again reads the tables and not the views: those merge every row ever written before they look
at when it was. A row seen twice is told twice, and counts once by its id.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from clickhouse_driver import Client

from agents.clickhouse.client import rows
from agents.console.board import Board, BoardPoint, TimelineMarker
from agents.reports import effects
from agents.reports.conversation import to_json_types
from streams.experiment.effects import SHOWN_AFTER

Row = dict[str, Any]

OVERLAP_MS = 10_000  # an insert begun earlier may become visible later
RECENT_DAYS = 7

NOW = "SELECT toUnixTimestamp64Milli(now64(3))"
POINTS = """
SELECT tenant, conversation_id, point_id, toUnixTimestamp64Milli(event_time), turn, level, level_sd, slope, alarm,
    raised, customer_id, channel, toUnixTimestamp64Milli(inserted_at)
FROM trajectory_points WHERE inserted_at >= fromUnixTimestamp64Milli(%(since)s)
ORDER BY event_time DESC, turn DESC LIMIT 40 BY tenant, conversation_id LIMIT 1000000
"""
DECISIONS = """
SELECT tenant, conversation_id, decision_id, toUnixTimestamp64Milli(event_time), turn,
    if(control, 'control', 'intervention'), ifNull(option, ''), toUnixTimestamp64Milli(inserted_at)
FROM decisions WHERE available AND inserted_at >= fromUnixTimestamp64Milli(%(since)s)
"""
OUTCOMES = """
SELECT tenant, conversation_id, outcome_id, toUnixTimestamp64Milli(event_time), CAST(NULL, 'Nullable(UInt32)'),
    multiIf(failed, 'failed', reward IS NULL, 'unseen', reward > 0, 'fell', 'rose'), option,
    toUnixTimestamp64Milli(inserted_at)
FROM outcomes WHERE inserted_at >= fromUnixTimestamp64Milli(%(since)s)
"""
ENDINGS = """
SELECT tenant, conversation_id, toUnixTimestamp64Milli(event_time), ended, toUnixTimestamp64Milli(inserted_at)
FROM distal_outcomes WHERE inserted_at >= fromUnixTimestamp64Milli(%(since)s)
"""
NEWEST_ALERT = "SELECT count(), toUnixTimestamp64Milli(max(inserted_at)) FROM alerts"
NEWEST_DELIVERY = "SELECT count(), toUnixTimestamp64Milli(max(inserted_at)) FROM alert_deliveries"
NEWEST_COMMAND = "SELECT count(), toUnixTimestamp64Milli(max(inserted_at)) FROM alert_commands"
ALERT_HEADINGS = """
SELECT alert_id, any(severity), any(tenant), any(conversation_id), toUnixTimestamp64Milli(min(inserted_at))
FROM alerts WHERE inserted_at >= now() - toIntervalDay(%(days)s)
GROUP BY alert_id ORDER BY max(event_time) DESC, alert_id LIMIT 100000
"""
ALERTS = """
SELECT alert_id, toUnixTimestamp64Milli(event_time) AS at, tenant, conversation_id, customer_id, rule, severity, title,
    explanation, recommendation, level, level_sd, contributions, evidence,
    toUnixTimestamp64Milli(raised_at) AS raised_at, tried, rule_version, policy_version, config_version
FROM alerts WHERE alert_id IN %(ids)s ORDER BY event_time DESC, alert_id LIMIT 1 BY alert_id
"""
# An alert is settled after it was written.
DELIVERIES = """
SELECT alert_id, toUnixTimestamp64Milli(event_time) AS at, team, destination, status, attempts, reason
FROM alert_deliveries
WHERE inserted_at >= now() - toIntervalDay(%(days)s) AND kind = 'alert' AND alert_id IN %(ids)s
ORDER BY event_time, team, destination LIMIT 1 BY delivery_id
"""
COMMANDED = """
SELECT tenant, option, argMax(action, event_time) AS action, argMax(by, event_time) AS by,
    argMax(reason, event_time) AS reason, toUnixTimestamp64Milli(max(event_time)) AS at
FROM commanded GROUP BY tenant, option
"""


class AlertHeading(NamedTuple):
    """What of an alert tells whether it is still to do. ``written``: milliseconds since 1970, by ClickHouse's clock."""

    alert_id: str
    severity: str
    tenant: str
    conversation_id: str
    written: int


def read_board(client: Client, board: Board, since_ms: int | None, live_ms: int) -> int:
    """Tell the board what was written from a moment on, at first all that is live; ClickHouse's time, milliseconds."""
    now = int(client.execute(NOW)[0][0])
    parameters = {"since": now - live_ms if since_ms is None else since_ms}
    for tenant, conversation, id, *values, written in client.execute(POINTS, parameters):
        board.point((tenant, conversation), id, BoardPoint(*values), written)
    for query in (DECISIONS, OUTCOMES):
        for tenant, conversation, id, *values, written in client.execute(query, parameters):
            board.mark((tenant, conversation), id, TimelineMarker(*values), written)
    for tenant, conversation, at, how, written in client.execute(ENDINGS, parameters):
        board.end((tenant, conversation), at, how, written)
    return now


def newest_alert(client: Client) -> Any:
    """Differs when an alert was written."""
    return client.execute(NEWEST_ALERT)[0]


def newest_said(client: Client) -> Any:
    """Differs when it was written what became of an alert, or what a person said about one."""
    return client.execute(NEWEST_DELIVERY)[0], client.execute(NEWEST_COMMAND)[0]


def alert_headings(client: Client) -> list[AlertHeading]:
    """Alerts of the last days, newest first."""
    return [AlertHeading(*row) for row in client.execute(ALERT_HEADINGS, {"days": RECENT_DAYS})]


def alerts(client: Client, ids: Sequence[str]) -> list[Row]:
    """These alerts, newest first."""
    return list(map(to_json_types, rows(client, ALERTS, {"ids": tuple(ids)}))) if ids else []


def deliveries(client: Client, ids: Sequence[str]) -> dict[str, list[Row]]:
    """What became of each of these alerts, in the order it was settled."""
    found: dict[str, list[Row]] = {id: [] for id in ids}
    for one in rows(client, DELIVERIES, {"ids": tuple(ids), "days": RECENT_DAYS}) if ids else ():
        found[one.pop("alert_id")].append(one)
    return found


def experiments(client: Client) -> Row:
    """What was learned of each option of each tenant, what is rolled back, and what people asked of it."""
    commanded = {(one["tenant"], one["option"]): one for one in rows(client, COMMANDED)}
    policies = {one["tenant"]: one for one in rows(client, effects.POLICY)}
    found = effects.report_interventions(client)
    return {
        "options": [with_state(one, policies.get(one["tenant"]), commanded) for one in found],
        "answers": effects.report_conclusions(client),
        "control": rows(client, effects.CONTROL_SHARE),
        "shown_after": SHOWN_AFTER,
    }


def with_state(option: Row, policy: Row | None, commanded: Mapping[tuple[str, str], Row]) -> Row:
    """An option, whether it is rolled back, and the last command about it."""
    rolled_back = policy is not None and option["option"] in policy["disabled"]
    return {**option, "rolled_back": rolled_back, "command": commanded.get((option["tenant"], option["option"]))}
