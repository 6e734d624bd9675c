"""Customer profiles: read one from the changelog, and request its erasure."""

from typing import Any

import msgspec

from agents.common.clock import now_ms
from agents.kafka import topic_reader
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.producer import Producer
from agents.kafka.record_builder import COMMAND_SOURCE
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from agents.worker.changelog import ChangelogCursor
from schemas.headers import cloud_event_headers
from schemas.records import record
from schemas.topics import Name
from streams.customers import profile
from streams.customers.partition import key_of
from streams.ids import stable_id

NOTE = record("customer_note")
HIDDEN_FIELDS = ("offset", "seen")


def find_profile(settings: Settings, tenant: str, customer_id: str) -> dict[str, Any] | None:
    """The profile of a customer; None without one."""
    value = read_state(settings, key_of({"tenant": tenant, "customer_id": customer_id}))
    if value is None:
        return None
    fields = msgspec.to_builtins(msgspec.structs.asdict(profile.decode(value)))
    baselines = {
        name: dict(zip(("mean", "variance", "count"), values, strict=True))
        for name, values in fields["baselines"].items()
    }
    defused = {name: dict(zip(("helped", "failed"), values, strict=True)) for name, values in fields["defused"].items()}
    visible = fields | {"baselines": baselines, "defused": defused}
    return {name: value for name, value in visible.items() if name not in HIDDEN_FIELDS}


def read_state(settings: Settings, key: str) -> bytes | None:
    """The current state of a key in the changelog; None without one."""
    topics.require_all(settings)
    cursor = ChangelogCursor()
    latest = None
    for message in topic_reader.read(settings, [settings.topics.profiles]):
        if message.key == key.encode() and cursor.accept(key, message.headers):
            latest = message.value
    return latest


def request_erasure(settings: Settings, tenant: str, customer_id: str) -> str:
    """Request the erasure of a profile; returns the id of the note. Raises ``DeliveryFailed``."""
    topics.require_all(settings)
    note = erasure_note(settings, tenant, customer_id, now_ms())
    headers = cloud_event_headers(NOTE, note["note_id"], note["event_time"], COMMAND_SOURCE)
    value = codec_for(settings).encode(NOTE, note)
    topic = settings.topics.name(Name.CUSTOMERS)
    Producer(settings).send([OutgoingRecord(topic, customer_id.encode(), value, headers)])
    return str(note["note_id"])


def erasure_note(settings: Settings, tenant: str, customer_id: str, at: int) -> dict[str, Any]:
    """The customer note that erases a profile."""
    return {
        "note_id": stable_id("erasure", tenant, customer_id, at),
        "kind": "erased",
        "event_time": at,
        "tenant": tenant,
        "customer_id": customer_id,
        "opened_at": at,
        "config_version": settings.config.version,
    }
