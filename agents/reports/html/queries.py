"""What the page of ``tenor report --html`` tells, as rows from ClickHouse: questions', and some by time."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clickhouse_driver import Client

from agents.clickhouse.client import rows
from agents.clickhouse.period import Period
from agents.reports import effects
from schemas.questions import questions

Row = dict[str, Any]
Rows = list[Row]

SPAN = """
SELECT count() AS points, uniqExact(tenant, conversation_id) AS conversations,
    uniqExactIf((tenant, conversation_id), raised) AS raised, min(event_time) AS first_at, max(event_time) AS last_at,
    arraySort(groupUniqArray(tenant)) AS tenants, arraySort(groupUniqArray(config_version)) AS config_versions
FROM trajectories
"""
DECIDED = "SELECT count() AS decisions, countIf(available AND NOT control) AS interventions FROM decided"
ALERTED = "SELECT count() AS alerts FROM alerted"
REFUSED = "SELECT count() AS dead_letters FROM refused"
BY_TIME = """
SELECT toStartOfInterval(toDateTime(event_time, 'UTC'), INTERVAL {step:d} SECOND) AS at,
    uniqExact(tenant, conversation_id) AS conversations, uniqExactIf((tenant, conversation_id), raised) AS raised,
    quantileExact(0.5)(level) AS median, quantileExact(0.9)(level) AS ninth_decile
FROM trajectories GROUP BY at ORDER BY at
"""
ALERTS_BY_TIME = """
SELECT toStartOfInterval(toDateTime(event_time, 'UTC'), INTERVAL {step:d} SECOND) AS at, count() AS alerts
FROM alerted GROUP BY at ORDER BY at
"""
TURNS_LEFT = """
SELECT turns - first_raised_turn AS turns_left, count() AS conversations
FROM conversations WHERE ever_raised GROUP BY turns_left ORDER BY turns_left
"""
MOST_FRUSTRATED = """
SELECT tenant, conversation_id, customer AS customer_id, over_channel AS channel, last_turn_at, turns, highest_level,
    last_level
FROM conversations WHERE ever_raised ORDER BY highest_level DESC, tenant, conversation_id LIMIT 10
"""
UNSEEN = """
SELECT countIf(p_now IS NULL) AS unread, count() AS turns, (SELECT countIf(overdue) FROM waiting) AS overdue,
    (SELECT count() FROM observed) AS closed, (SELECT countIf(reward IS NULL) FROM observed) AS censored
FROM trajectories
"""
STEPS_S = (3600, 86_400, 7 * 86_400)
MOST_STEPS = 60

# Sections that are a question of docs/analysts.md, by its number.
ASKED = {
    "uplift": 2,
    "early": 4,
    "time_left": 5,
    "false_alarms": 6,
    "queues": 7,
    "calibration": 8,
    "cues": 10,
    "failures": 13,
    "recovery": 14,
    "believed": 16,
    "unseen": 17,
    "alert_rules": 19,
    "dead_letter_reasons": 20,
}


def gathered(client: Client, wanted: Period) -> Row:
    """Everything the page tells of a period; the connection must be limited to it."""
    (span,) = rows(client, SPAN)
    step = step_s(span)
    by_number = {one.number: one.sql for one in questions()}
    return {
        **span,
        **counts(client),
        "period": told(wanted, span),
        "since": wanted.since,
        "step_s": step,
        "by_time": rows(client, BY_TIME.format(step=step)),
        "alerts_by_time": rows(client, ALERTS_BY_TIME.format(step=step)),
        "turns_left": rows(client, TURNS_LEFT),
        "most_frustrated": rows(client, MOST_FRUSTRATED),
        "quality": rows(client, UNSEEN)[0],
        "any": rows(client, by_number[1]),
        "conclusion": effects.report_conclusions(client),
        **{name: rows(client, by_number[number]) for name, number in ASKED.items()},
    }


def counts(client: Client) -> Row:
    found: Row = {}
    for query in (DECIDED, ALERTED, REFUSED):
        found |= rows(client, query)[0]
    return found


def step_s(span: Mapping[str, Any]) -> int:
    """Seconds of one bar: hours, days or weeks, as long as there are not too many."""
    length = (span["last_at"] - span["first_at"]).total_seconds() if span["points"] else 0
    return next((step for step in STEPS_S if length <= MOST_STEPS * step), STEPS_S[-1])


def told(wanted: Period, span: Mapping[str, Any]) -> str:
    """The period in words; where an end was left open, the record's."""
    ends = [moment(wanted.since), moment(wanted.until)]
    if span["points"]:
        ends = [ends[0] or span["first_at"], ends[1] or span["last_at"]]
    first, last = (f"{one:%Y-%m-%d %H:%M}" if one else None for one in ends)
    if first and last:
        return f"{first} to {last} UTC"
    return f"from {first} UTC on" if first else f"until {last} UTC" if last else "all there is"


def moment(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)
