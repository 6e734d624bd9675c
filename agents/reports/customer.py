"""``tenor history``: one customer across all conversations, from ClickHouse. Empty after ``tenor forget``.

The id is compared as a hash, so that it does not appear in the server's query log. No text is stored, so none is shown.
"""

import json
from datetime import datetime
from typing import Any

from clickhouse_driver import Client

from agents.clickhouse.client import rows, session
from agents.clickhouse.migrate import require_current
from agents.common.errors import Failure
from agents.common.pseudonyms import pseudonymize
from agents.reports.customer_view import print_history
from agents.settings.model import Settings
from streams.customers.history import summarise_history

__all__ = ["as_json", "print_history", "read_history"]

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

History = dict[str, Any]


def read_history(settings: Settings, customer_id: str, tenant: str) -> History:
    """Everything ``tenor history`` shows. ``Failure`` for an unknown customer."""
    require_current(settings)
    with session(settings) as client:
        past = query_history(client, {"tenant": tenant, "customer": pseudonymize(customer_id)}, settings)
    if not past["turns"]:
        raise Failure(
            f"Unknown customer in tenant {tenant}.",
            "The customer was never seen, or erased. For another tenant, add --tenant.",
        )
    return {"tenant": tenant, "customer_id": customer_id, **past}


def query_history(client: Client, parameters: History, settings: Settings) -> History:
    turns, outcomes, ends, proven = (rows(client, query, parameters) for query in (TURNS, OUTCOMES, ENDS, PROVEN))
    return summarise_history(turns, outcomes, ends, proven, settings.config.outcome.margin)


def as_json(past: History) -> str:
    """The history as JSON; it holds no NaN."""
    return json.dumps(past, indent=2, ensure_ascii=False, allow_nan=False, default=encode_time)


def encode_time(value: Any) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is not expected here")
    return value.isoformat(timespec="milliseconds")
