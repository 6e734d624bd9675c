"""``tenor forget``: erases a customer everywhere, while the deployment runs, and reports what was erased.

It first waits until ingest and the fold have processed all records so far. Then a signal in every partition of
tenor.signals ends the customer's conversations, and a note erases the profile. Both are records of the log, so worker,
replay and verify read them in order. Once the sink has passed them, tenor.forgotten gets the pseudonyms that must never
be stored again, commands about alerts of these conversations become tombstones, and ClickHouse erases its rows. After a
crash run it again: every step can be repeated. See docs/decisions/0012-forget.md.
"""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import uuid4

from agents.alerting import commands as alert_commands
from agents.common.clock import now_ms
from agents.common.errors import Failure
from agents.common.pseudonyms import pseudonymize
from agents.kafka import operator_command, topic_reader
from agents.kafka.admin import topics
from agents.kafka.admin.lag import GroupTopics, OnWait, pipeline_stages, wait_for_stage
from agents.kafka.producer import Producer
from agents.learning.model_publisher import publish_to_every_partition
from agents.privacy import profiles
from agents.privacy.clickhouse_rows import CustomerRows
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from agents.worker.changelog import recover_states
from streams import state as states
from streams.conversations.partition import OURS, conversation_of, tenant_of
from streams.outputs import Output
from streams.signals import extraction
from streams.state import State


class ErasureResult(NamedTuple):
    """What was erased of a customer.

    Attributes:
        conversations: number of open conversations.
        windows: how many of them waited for an outcome.
        profile: whether there was one.
        commands: number of commands about alerts of their conversations.
        rows: number of rows in ClickHouse, by table.
    """

    conversations: int
    windows: int
    profile: bool
    commands: int
    rows: dict[str, int]


def erase_customer(
    settings: Settings, tenant: str, customer_id: str, timeout_s: float, on_wait: OnWait
) -> ErasureResult:
    """Erase a customer. ``Failure`` when a process makes no progress, or a conversation is left.

    Args:
        timeout_s: longest wait for each process, seconds.
        on_wait: called with the process waited for, and its lag in records.
    """
    topics.require_all(settings)
    ingest, conversations, *others = pipeline_stages(settings.topics)
    with CustomerRows(settings, tenant, pseudonymize(customer_id)) as rows:
        wait_for_stages(settings, [ingest, conversations], timeout_s, on_wait)
        requested_at, open_states = now_ms(), open_conversations(settings, tenant, customer_id)
        profile = profiles.find_profile(settings, tenant, customer_id) is not None
        request_erasure(settings, tenant, customer_id, requested_at)
        wait_for_stages(settings, [conversations, *others], timeout_s, on_wait)
        require_erased(settings, tenant, customer_id, open_states)
        row_counts = rows.find(map(pseudonymize, open_states))
        until = max(requested_at, rows.latest_event_time())
        publish_forgotten(settings, tenant, customer_id, requested_at, until, rows.conversations)
        # Before the rows are erased: they say whose conversations these are.
        commands = alert_commands.erase_commands(settings, tenant, rows.conversations)
        rows.erase()
    windows = sum(state.window is not None for state in open_states.values())
    return ErasureResult(len(open_states), windows, profile, commands, row_counts)


def wait_for_stages(settings: Settings, passed: Iterable[GroupTopics], timeout_s: float, on_wait: OnWait) -> None:
    for stage in passed:
        wait_for_stage(settings, stage, timeout_s, on_wait)


def open_conversations(settings: Settings, tenant: str, customer_id: str) -> dict[str, State]:
    """States of a customer's open conversations, by conversation id, from the changelog."""
    records = topic_reader.read(settings, [settings.topics.changelog])
    encoded = recover_states(record for record in records if is_conversation_key((record.key or b"").decode(), tenant))
    decoded = {conversation_of(key): states.decode(stored[key]) for stored in encoded.values() for key in stored}
    return {name: state for name, state in decoded.items() if state.customer_id == customer_id}


def is_conversation_key(key: str, tenant: str) -> bool:
    return key not in OURS and tenant_of(key) == tenant


def request_erasure(settings: Settings, tenant: str, customer_id: str, at: int) -> None:
    """Publish the erasure to every partition of the signals log, then for the profile."""
    signal = extraction.forget_signal(tenant, customer_id, at)
    publish_to_every_partition(settings, codec_for(settings), Producer(settings), signal)
    profiles.request_erasure(settings, tenant, customer_id)


def require_erased(settings: Settings, tenant: str, customer_id: str, known: dict[str, State]) -> None:
    """``Failure`` when a conversation is left. One that the customer opened meanwhile is not."""
    remaining = open_conversations(settings, tenant, customer_id)
    if any(state.opened == known[name].opened for name, state in remaining.items() if name in known):
        raise Failure(
            "A conversation of this customer is still stored.",
            "Check that all workers run this version, then run the command again.",
        )


def publish_forgotten(
    settings: Settings, tenant: str, customer_id: str, requested_at: int, until: int, conversations: Iterable[str]
) -> None:
    """Publish the pseudonyms whose rows must never be stored again."""
    forget_id = uuid4().hex
    datum = {
        "forget_id": forget_id,
        "event_time": requested_at,
        "tenant": tenant,
        "customer": pseudonymize(customer_id),
        "conversations": sorted(conversations),
        "until": until,
    }
    output = Output("forgotten", forget_id, datum)
    operator_command.publish(settings, output)
