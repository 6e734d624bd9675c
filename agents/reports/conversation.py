"""One conversation, turn by turn: what moved the belief, what was decided, what followed. From ClickHouse.

Everything stands at its place: turns in the order they were folded, a decision after the turn it follows, an outcome
where its window closed, an alert after what it tells of. No message text is stored, so none is shown.
"""

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from clickhouse_driver import Client

from agents.clickhouse.client import rows, session
from agents.clickhouse.migrate import require_current
from agents.common.errors import Failure
from agents.reports.conversation_view import render
from agents.settings.model import Settings

__all__ = ["as_json", "explain", "render"]

Row = dict[str, Any]
Group = list[Row]

NESTED = {"contributions": ("signal", "share"), "tried": ("option", "change")}

TENANTS = """
SELECT tenant FROM trajectories WHERE conversation_id = %(conversation)s
UNION DISTINCT SELECT tenant FROM decided WHERE conversation_id = %(conversation)s
"""
# One source partition holds a conversation's messages in order; event times may not ascend.
POINTS = """
SELECT point_id, event_id, event_time, channel, customer_id, turn, level, level_sd, slope, alarm, raised, observation,
    contributions, cues, config_version
FROM trajectories WHERE tenant = %(tenant)s AND conversation_id = %(conversation)s
ORDER BY source_topic, source_partition, source_offset
"""
DECISIONS = """
SELECT decision_id, event_time, turn, decision_index, kind, previous_decision_id, available, unavailable_reason, level,
    level_sd, alarm, option, control, propensity, contributions, policy_version
FROM decided WHERE tenant = %(tenant)s AND conversation_id = %(conversation)s ORDER BY event_time, decision_index
"""
OUTCOMES = """
SELECT outcome_id, decision_id, event_time, option, control, status, censoring_reason, pre_level, post_level, reward,
    turns, elapsed_s, failed, action
FROM observed WHERE tenant = %(tenant)s AND conversation_id = %(conversation)s ORDER BY event_time, outcome_id
"""
ALERTS = """
SELECT alert_id, event_time, rule, severity, title, explanation, recommendation, evidence, raised_at, tried,
    decision_id, outcome_id, rule_version, policy_version, config_version
FROM alerted WHERE tenant = %(tenant)s AND conversation_id = %(conversation)s ORDER BY event_time, alert_id
"""
DELIVERIES = """
SELECT alert_id, event_time AS at, team, destination, status, attempts, reason
FROM alert_delivered WHERE tenant = %(tenant)s AND conversation_id = %(conversation)s AND kind = 'alert'
ORDER BY event_time, team, destination
"""
ASKED = """
SELECT event_time AS at, action, team, until, by, reason
FROM alert_commanded WHERE tenant = %(tenant)s AND conversation_id = %(conversation)s ORDER BY event_time, command_id
"""


def explain(settings: Settings, conversation: str, tenant: str | None = None) -> Row:
    """Everything ``tenor explain`` shows; ``Failure`` when nothing is known of the conversation.

    Args:
        settings: of this deployment.
        conversation: its id.
        tenant: whose it is; None where only one tenant has such a conversation.
    """
    require_current(settings)
    with session(settings) as client:
        tenant = owner(client, conversation, tenant)
        whose = {"tenant": tenant, "conversation": conversation}
        points, decisions, outcomes, alerts = (rows(client, q, whose) for q in (POINTS, DECISIONS, OUTCOMES, ALERTS))
        deliveries, asked = (list(map(plain, rows(client, query, whose))) for query in (DELIVERIES, ASKED))
    lives = told(points, decisions, outcomes, with_deliveries(alerts, deliveries))
    return {"tenant": tenant, "conversation_id": conversation, "lives": lives, "asked": asked}


def owner(client: Client, conversation: str, tenant: str | None) -> str:
    """The tenant that has the conversation."""
    found: list[str] = sorted(name for (name,) in client.execute(TENANTS, {"conversation": conversation}))
    if tenant is not None and tenant in found:
        return tenant
    if not found:
        raise Failure(
            f"nothing is known of a conversation {conversation}",
            "its first customer turn may not have arrived: tenor report tells what has",
        )
    if tenant is not None:
        raise Failure(f"tenant {tenant} has no conversation {conversation}", f"there is one of {', '.join(found)}")
    if len(found) > 1:
        raise Failure(f"several tenants have a conversation {conversation}", f"add --tenant: {', '.join(found)}")
    return found[0]


def with_deliveries(alerts: Iterable[Row], deliveries: Iterable[Row]) -> list[Row]:
    """Each alert with what became of it, team by team."""
    found: dict[str, list[Row]] = defaultdict(list)
    for one in deliveries:
        found[one.pop("alert_id")].append(one)
    return [{**alert, "deliveries": found[alert["alert_id"]]} for alert in alerts]


def told(
    points: Sequence[Row], decisions: Sequence[Row], outcomes: Sequence[Row], alerts: Sequence[Row]
) -> list[list[Row]]:
    """Each life of the conversation as its entries in order. ``what`` tells a turn, decision, outcome or alert.

    A life begins where turns are counted anew. What came after the last turn known of one belongs to it still.
    """
    lives = lives_of(points) or [[]]
    begins = [min(point["event_time"] for point in life) for life in lives[1:]]
    own: list[list[Group]] = [[] for _ in lives]
    for group in grouped(decisions, outcomes, alerts):
        own[bisect_right(begins, group[0]["event_time"])].append(group)
    return [list(map(plain, entries(life, groups))) for life, groups in zip(lives, own, strict=True)]


def lives_of(points: Iterable[Row]) -> list[list[Row]]:
    """The points of each life, each with how far level and alarm moved since the one before."""
    lives: list[list[Row]] = []
    for point in points:
        if not lives or point["turn"] <= lives[-1][-1]["turn"]:
            lives.append([])
        before = lives[-1][-1] if lives[-1] else {"level": 0.0, "alarm": 0.0}
        changes = {f"{name}_change": point[name] - before[name] for name in ("level", "alarm")}
        lives[-1].append({"what": "turn", **point, **changes})
    return sorted(lives, key=lambda life: life[0]["event_time"])


def grouped(decisions: Iterable[Row], outcomes: Iterable[Row], alerts: Iterable[Row]) -> list[Group]:
    """Each outcome and decision with the alerts that tell of it, in order; an alert of neither stands alone."""
    groups = {row["outcome_id"]: [{"what": "outcome", **row}] for row in outcomes}
    groups |= {row["decision_id"]: [{"what": "decision", **row}] for row in decisions}
    for row in alerts:
        cause = row["outcome_id"] or row["decision_id"]
        groups.setdefault(cause if cause in groups else row["alert_id"], []).append({"what": "alert", **row})
    return sorted(groups.values(), key=lambda group: group[0]["event_time"])  # stable: an outcome before a decision


def entries(points: Sequence[Row], groups: Iterable[Group]) -> Iterator[Row]:
    """The entries of one life: each turn, then what belongs after it."""
    times = list(accumulate((point["event_time"] for point in points), max))
    placed: dict[int, list[Row]] = defaultdict(list)
    for group in groups:
        placed[place(group[0], points, times)] += group
    yield from placed[-1]
    for index, point in enumerate(points):
        yield point
        yield from placed[index]


def place(head: Row, points: Sequence[Row], times: Sequence[datetime]) -> int:
    """Index of the turn something follows; -1 when that turn is not known."""
    by_time = bisect_right(times, head["event_time"]) - 1
    if head["what"] != "decision":
        return by_time
    return next((index for index, point in enumerate(points) if point["turn"] == head["turn"]), by_time)


def plain(entry: Row) -> Row:
    """An entry as JSON can hold it."""
    times = {name: at.isoformat(timespec="milliseconds") for name, at in entry.items() if isinstance(at, datetime)}
    nested = {
        column: [dict(zip(names, one, strict=True)) for one in entry[column]]
        for column, names in NESTED.items()
        if column in entry
    }
    return {**entry, **times, **nested}


def as_json(found: Row) -> str:
    """The explanation as JSON; it holds no NaN."""
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
