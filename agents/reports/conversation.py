"""``tenor explain``: one conversation turn by turn: signals, decisions, outcomes and alerts. From ClickHouse.

Turns are in the order they were folded; a decision follows its turn, an outcome stands where its window closed, and an
alert follows the decision or outcome it is about. No message text is stored, so none is shown.
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
from agents.reports.conversation_view import print_conversation
from agents.settings.model import Settings

__all__ = ["as_json", "explain_conversation", "print_conversation"]

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
COMMANDS = """
SELECT event_time AS at, action, team, until, by, reason
FROM alert_commanded WHERE tenant = %(tenant)s AND conversation_id = %(conversation)s ORDER BY event_time, command_id
"""


def explain_conversation(settings: Settings, conversation: str, tenant: str | None = None) -> Row:
    """Everything ``tenor explain`` shows. ``Failure`` for an unknown conversation.

    Args:
        settings: the deployment's settings.
        conversation: conversation id.
        tenant: tenant id; may be None if only one tenant has a conversation with this id.
    """
    require_current(settings)
    with session(settings) as client:
        tenant = find_tenant(client, conversation, tenant)
        parameters = {"tenant": tenant, "conversation": conversation}
        points, decisions, outcomes, alerts = (
            rows(client, q, parameters) for q in (POINTS, DECISIONS, OUTCOMES, ALERTS)
        )
        deliveries, commands = (
            list(map(to_json_types, rows(client, query, parameters))) for query in (DELIVERIES, COMMANDS)
        )
    lives = build_lives(points, decisions, outcomes, add_deliveries(alerts, deliveries))
    return {"tenant": tenant, "conversation_id": conversation, "lives": lives, "asked": commands}


def find_tenant(client: Client, conversation: str, tenant: str | None) -> str:
    """The tenant of the conversation. ``Failure`` for none, or for several without ``tenant``."""
    tenants: list[str] = sorted(name for (name,) in client.execute(TENANTS, {"conversation": conversation}))
    if tenant is not None and tenant in tenants:
        return tenant
    if not tenants:
        raise Failure(
            f"Unknown conversation {conversation}.",
            "Its first customer turn may not have arrived yet: tenor report shows what has.",
        )
    if tenant is not None:
        raise Failure(f"Tenant {tenant} has no conversation {conversation}.", f"Found it for {', '.join(tenants)}.")
    if len(tenants) > 1:
        raise Failure(f"Several tenants have a conversation {conversation}.", f"Add --tenant: {', '.join(tenants)}.")
    return tenants[0]


def add_deliveries(alerts: Iterable[Row], deliveries: Iterable[Row]) -> list[Row]:
    """Each alert with its deliveries, team by team."""
    by_alert: dict[str, list[Row]] = defaultdict(list)
    for delivery in deliveries:
        by_alert[delivery.pop("alert_id")].append(delivery)
    return [{**alert, "deliveries": by_alert[alert["alert_id"]]} for alert in alerts]


def build_lives(
    points: Sequence[Row], decisions: Sequence[Row], outcomes: Sequence[Row], alerts: Sequence[Row]
) -> list[list[Row]]:
    """The entries of each life of the conversation, in order. ``what`` is turn, decision, outcome or alert.

    A life begins where the turn number starts again. Entries after the last turn of a life belong to it.
    """
    lives = split_lives(points) or [[]]
    begins = [min(point["event_time"] for point in life) for life in lives[1:]]
    own: list[list[Group]] = [[] for _ in lives]
    for group in group_alerts(decisions, outcomes, alerts):
        own[bisect_right(begins, group[0]["event_time"])].append(group)
    return [list(map(to_json_types, order_entries(life, groups))) for life, groups in zip(lives, own, strict=True)]


def split_lives(points: Iterable[Row]) -> list[list[Row]]:
    """The points of each life, each with the change of level and alarm since the one before."""
    lives: list[list[Row]] = []
    for point in points:
        if not lives or point["turn"] <= lives[-1][-1]["turn"]:
            lives.append([])
        before = lives[-1][-1] if lives[-1] else {"level": 0.0, "alarm": 0.0}
        changes = {f"{name}_change": point[name] - before[name] for name in ("level", "alarm")}
        lives[-1].append({"what": "turn", **point, **changes})
    return sorted(lives, key=lambda life: life[0]["event_time"])


def group_alerts(decisions: Iterable[Row], outcomes: Iterable[Row], alerts: Iterable[Row]) -> list[Group]:
    """Each outcome and decision with its alerts, in order; other alerts stand alone."""
    groups = {row["outcome_id"]: [{"what": "outcome", **row}] for row in outcomes}
    groups |= {row["decision_id"]: [{"what": "decision", **row}] for row in decisions}
    for row in alerts:
        cause = row["outcome_id"] or row["decision_id"]
        groups.setdefault(cause if cause in groups else row["alert_id"], []).append({"what": "alert", **row})
    return sorted(groups.values(), key=lambda group: group[0]["event_time"])  # stable: an outcome before a decision


def order_entries(points: Sequence[Row], groups: Iterable[Group]) -> Iterator[Row]:
    """The entries of one life: each turn, then the entries that follow it."""
    times = list(accumulate((point["event_time"] for point in points), max))
    placed: dict[int, list[Row]] = defaultdict(list)
    for group in groups:
        placed[index_of_turn(group[0], points, times)] += group
    yield from placed[-1]
    for index, point in enumerate(points):
        yield point
        yield from placed[index]


def index_of_turn(head: Row, points: Sequence[Row], times: Sequence[datetime]) -> int:
    """Index of the turn that an entry follows; -1 for none."""
    by_time = bisect_right(times, head["event_time"]) - 1
    if head["what"] != "decision":
        return by_time
    return next((index for index, point in enumerate(points) if point["turn"] == head["turn"]), by_time)


def to_json_types(entry: Row) -> Row:
    """An entry with JSON types."""
    times = {name: at.isoformat(timespec="milliseconds") for name, at in entry.items() if isinstance(at, datetime)}
    nested = {
        column: [dict(zip(names, values, strict=True)) for values in entry[column]]
        for column, names in NESTED.items()
        if column in entry
    }
    return {**entry, **times, **nested}


def as_json(explanation: Row) -> str:
    """The explanation as JSON; it holds no NaN."""
    return json.dumps(explanation, indent=2, ensure_ascii=False, allow_nan=False)
