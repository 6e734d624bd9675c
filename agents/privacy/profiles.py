"""Profiles for people: look at what is remembered of one customer, and have it forgotten."""

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
INTERNAL = ("offset", "seen")


def find(settings: Settings, tenant: str, customer_id: str) -> dict[str, Any] | None:
    """What is remembered of a customer; None when nothing is."""
    value = stored(settings, key_of({"tenant": tenant, "customer_id": customer_id}))
    if value is None:
        return None
    found = msgspec.to_builtins(msgspec.structs.asdict(profile.decode(value)))
    baselines = {
        name: dict(zip(("mean", "variance", "count"), one, strict=True)) for name, one in found["baselines"].items()
    }
    defused = {name: dict(zip(("helped", "failed"), one, strict=True)) for name, one in found["defused"].items()}
    shown = found | {"baselines": baselines, "defused": defused}
    return {name: one for name, one in shown.items() if name not in INTERNAL}


def stored(settings: Settings, key: str) -> bytes | None:
    """What the changelog last says of a key."""
    topics.require_all(settings)
    reading = ChangelogCursor()
    found = None
    for message in topic_reader.read(settings, [settings.topics.profiles]):
        if message.key == key.encode() and reading.counts(key, message.headers):
            found = message.value
    return found


def erase(settings: Settings, tenant: str, customer_id: str) -> str:
    """Ask the workers to forget a customer; the id of the note. ``DeliveryFailed`` when Kafka does not accept it."""
    topics.require_all(settings)
    note = erasure(settings, tenant, customer_id, now_ms())
    headers = cloud_event_headers(NOTE, note["note_id"], note["event_time"], COMMAND_SOURCE)
    value = codec_for(settings).encode(NOTE, note)
    topic = settings.topics.name(Name.CUSTOMERS)
    Producer(settings).send([OutgoingRecord(topic, customer_id.encode(), value, headers)])
    return str(note["note_id"])


def erasure(settings: Settings, tenant: str, customer_id: str, at: int) -> dict[str, Any]:
    """The note that has a customer forgotten."""
    return {
        "note_id": stable_id("erasure", tenant, customer_id, at),
        "kind": "erased",
        "event_time": at,
        "tenant": tenant,
        "customer_id": customer_id,
        "opened_at": at,
        "config_version": settings.config.version,
    }
