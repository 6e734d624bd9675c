"""``tenor history``: one customer over all conversations, from ClickHouse. After ``tenor forget`` there is nothing.

The id is compared as a hash, so that it stands in no query log of the server. No text is stored, so none is shown.
"""

import json
from datetime import datetime
from typing import Any

from clickhouse_driver import Client

from agents.clickhouse.client import rows, session
from agents.clickhouse.migrate import require_current
from agents.common.errors import Failure
from agents.common.pseudonyms import pseudonymize
from agents.reports.customer_view import render
from agents.settings.model import Settings
from streams.customers.history import history

__all__ = ["as_json", "render", "told"]

TURNS = """
SELECT conversation_id, event_time, channel, turn, level, level_before, raised, cues, contributions
FROM trajectories WHERE tenant = %(tenant)s AND lower(hex(SHA256(ifNull(customer_id, '')))) = %(customer)s
ORDER BY source_topic, source_partition, source_offset
"""
OUTCOMES = """
SELECT conversation_id, option, reward
FROM observed WHERE tenant = %(tenant)s AND lower(hex(SHA256(ifNull(customer_id, '')))) = %(customer)s
"""
ENDS = """
SELECT conversation_id, opened_at, event_time, ended
FROM finished WHERE tenant = %(tenant)s AND lower(hex(SHA256(ifNull(customer_id, '')))) = %(customer)s
"""
PROVEN = "SELECT option, n, mean, low, high, verdict FROM uplift WHERE tenant = %(tenant)s"

Told = dict[str, Any]


def told(settings: Settings, customer_id: str, tenant: str) -> Told:
    """Everything ``tenor history`` shows; ``Failure`` when nothing is known of the customer."""
    require_current(settings)
    with session(settings) as client:
        found = asked(client, {"tenant": tenant, "customer": pseudonymize(customer_id)}, settings)
    if not found["turns"]:
        raise Failure(
            f"nothing is known of this customer in tenant {tenant}",
            "never seen, or forgotten; with another tenant add --tenant",
        )
    return {"tenant": tenant, "customer_id": customer_id, **found}


def asked(client: Client, whose: Told, settings: Settings) -> Told:
    turns, outcomes, ends, proven = (rows(client, query, whose) for query in (TURNS, OUTCOMES, ENDS, PROVEN))
    return history(turns, outcomes, ends, proven, settings.config.outcome.margin)


def as_json(found: Told) -> str:
    """The history as JSON; it holds no NaN."""
    return json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False, default=moment)


def moment(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is not expected here")
    return value.isoformat(timespec="milliseconds")
