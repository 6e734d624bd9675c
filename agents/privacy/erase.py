"""``tenor forget``: has a customer erased everywhere, while everything runs, and tells what there was.

What is under way is waited for first, through ingest and the fold. Then a signal in every partition of tenor.signals
ends the conversations of the customer, and a note erases the profile; both are records of the log, so that worker,
replay and verify see them in order. Once the sink has passed all of it, tenor.forgotten says by hashes what is never to
be stored again, what people asked about these conversations' alerts becomes tombstones, and ClickHouse erases its rows.
Whoever dies in between is run again: each step can be repeated. See docs/decisions/0012-forget.md.
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
from agents.learning.model_publisher import to_every_partition
from agents.privacy import profiles
from agents.privacy.clickhouse_rows import CustomerRows
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from agents.worker.changelog import recovered
from streams import state as states
from streams.conversations.partition import OURS, conversation_of, tenant_of
from streams.outputs import Output
from streams.signals import extraction
from streams.state import State


class ErasureResult(NamedTuple):
    """What there was of a customer.

    Attributes:
        conversations: that were going on.
        windows: of them, waited for an outcome.
        profile: whether there was one.
        commands: about alerts of their conversations.
        rows: in ClickHouse, by table.
    """

    conversations: int
    windows: int
    profile: bool
    commands: int
    rows: dict[str, int]


def forget(settings: Settings, tenant: str, customer_id: str, timeout_s: float, on_wait: OnWait) -> ErasureResult:
    """Erase a customer. ``Failure`` when a process does not get on, or something is left.

    Args:
        timeout_s: longest wait for each of the processes, seconds.
        on_wait: told whom it waits for, and how many records are to go.
    """
    topics.require_all(settings)
    ingest, conversations, *others = pipeline_stages(settings.topics)
    with CustomerRows(settings, tenant, pseudonymize(customer_id)) as rows:
        wait(settings, [ingest, conversations], timeout_s, on_wait)
        asked_at, known = now_ms(), going_on(settings, tenant, customer_id)
        profile = profiles.find(settings, tenant, customer_id) is not None
        ask(settings, tenant, customer_id, asked_at)
        wait(settings, [conversations, *others], timeout_s, on_wait)
        require_gone(settings, tenant, customer_id, known)
        found = rows.find(map(pseudonymize, known))
        tell(settings, tenant, customer_id, asked_at, max(asked_at, rows.youngest()), rows.conversations)
        commands = alert_commands.erase(settings, tenant, rows.conversations)  # before the rows: they say whose it was
        rows.erase()
    return ErasureResult(len(known), sum(one.window is not None for one in known.values()), profile, commands, found)


def wait(settings: Settings, passed: Iterable[GroupTopics], timeout_s: float, on_wait: OnWait) -> None:
    for stage in passed:
        wait_for_stage(settings, stage, timeout_s, on_wait)


def going_on(settings: Settings, tenant: str, customer_id: str) -> dict[str, State]:
    """Conversations whose state names a customer, by id, as the changelog has them."""
    records = topic_reader.read(settings, [settings.topics.changelog])
    written = recovered(one for one in records if is_conversation_of((one.key or b"").decode(), tenant))
    found = {conversation_of(key): states.decode(one[key]) for one in written.values() for key in one}
    return {name: state for name, state in found.items() if state.customer_id == customer_id}


def is_conversation_of(key: str, tenant: str) -> bool:
    return key not in OURS and tenant_of(key) == tenant


def ask(settings: Settings, tenant: str, customer_id: str, at: int) -> None:
    """Put the request into every partition of the log, and before the profile."""
    signal = extraction.forget_signal(tenant, customer_id, at)
    to_every_partition(settings, codec_for(settings), Producer(settings), signal)
    profiles.erase(settings, tenant, customer_id)


def require_gone(settings: Settings, tenant: str, customer_id: str, known: dict[str, State]) -> None:
    """``Failure`` where something is left. A customer who wrote meanwhile has begun anew, which is no failure."""
    left = going_on(settings, tenant, customer_id)
    if any(state.opened == known[name].opened for name, state in left.items() if name in known):
        raise Failure(
            "A conversation of this customer is still stored.",
            "Check that all workers run this version, then run the command again.",
        )


def tell(
    settings: Settings, tenant: str, customer_id: str, asked_at: int, until: int, conversations: Iterable[str]
) -> None:
    """Say what is never to be stored again."""
    forget_id = uuid4().hex
    datum = {
        "forget_id": forget_id,
        "event_time": asked_at,
        "tenant": tenant,
        "customer": pseudonymize(customer_id),
        "conversations": sorted(conversations),
        "until": until,
    }
    output = Output("forgotten", forget_id, datum)
    operator_command.publish(settings, output)
