"""The console's ClickHouse queries. Values are bound parameters, never part of a statement.

Queries that are polled read the tables and not the views, because a view merges every row ever written before it
filters by time. A table may return a row twice; the board counts it once, by its id.
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

OVERLAP_MS = 10_000  # rows of an insert may become visible after those of a later one
RECENT_DAYS = 7

SERVER_TIME = "SELECT toUnixTimestamp64Milli(now64(3))"
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
# A delivery is written after its alert.
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
    """What decides whether an alert is open. ``written``: milliseconds since 1970, by ClickHouse's clock."""

    alert_id: str
    severity: str
    tenant: str
    conversation_id: str
    written: int


def read_board(client: Client, board: Board, since_ms: int | None, live_ms: int) -> int:
    """Add the rows written since a moment to the board. Returns ClickHouse's time, milliseconds.

    Args:
        since_ms: None reads every live conversation.
    """
    now = int(client.execute(SERVER_TIME)[0][0])
    parameters = {"since": now - live_ms if since_ms is None else since_ms}
    for tenant, conversation, id, *values, written in client.execute(POINTS, parameters):
        board.add_point((tenant, conversation), id, BoardPoint(*values), written)
    for query in (DECISIONS, OUTCOMES):
        for tenant, conversation, id, *values, written in client.execute(query, parameters):
            board.add_marker((tenant, conversation), id, TimelineMarker(*values), written)
    for tenant, conversation, at, how, written in client.execute(ENDINGS, parameters):
        board.end((tenant, conversation), at, how, written)
    return now


def newest_alert(client: Client) -> Any:
    """A value that changes when an alert is written."""
    return client.execute(NEWEST_ALERT)[0]


def newest_alert_activity(client: Client) -> Any:
    """A value that changes when a delivery of an alert, or a command about one, is written."""
    return client.execute(NEWEST_DELIVERY)[0], client.execute(NEWEST_COMMAND)[0]


def alert_headings(client: Client) -> list[AlertHeading]:
    """Alerts of the last days, newest first."""
    return [AlertHeading(*row) for row in client.execute(ALERT_HEADINGS, {"days": RECENT_DAYS})]


def alerts(client: Client, ids: Sequence[str]) -> list[Row]:
    """These alerts, newest first."""
    return list(map(to_json_types, rows(client, ALERTS, {"ids": tuple(ids)}))) if ids else []


def deliveries(client: Client, ids: Sequence[str]) -> dict[str, list[Row]]:
    """The deliveries of each of these alerts, oldest first."""
    by_alert: dict[str, list[Row]] = {id: [] for id in ids}
    for delivery in rows(client, DELIVERIES, {"ids": tuple(ids), "days": RECENT_DAYS}) if ids else ():
        by_alert[delivery.pop("alert_id")].append(delivery)
    return by_alert


def experiments(client: Client) -> Row:
    """The effect of each option of each tenant, whether it is rolled back, and the last command about it."""
    commands = {(command["tenant"], command["option"]): command for command in rows(client, COMMANDED)}
    policies = {policy["tenant"]: policy for policy in rows(client, effects.POLICY)}
    options = effects.report_interventions(client)
    return {
        "options": [add_state(option, policies.get(option["tenant"]), commands) for option in options],
        "answers": effects.report_conclusions(client),
        "control": rows(client, effects.CONTROL_SHARE),
        "shown_after": SHOWN_AFTER,
    }


def add_state(option: Row, policy: Row | None, commands: Mapping[tuple[str, str], Row]) -> Row:
    """An option with whether it is rolled back, and the last command about it."""
    rolled_back = policy is not None and option["option"] in policy["disabled"]
    return {**option, "rolled_back": rolled_back, "command": commands.get((option["tenant"], option["option"]))}
