"""Events with schema ids nobody knows: few requests, dead letters with their reason, no verdict without an answer."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from agents.common.errors import Failure
from agents.docgen.sample_warehouse import RecordingProducer
from agents.embedded.process import LOOPBACK, free_port
from agents.kafka.async_producer import AsyncProducer, OutgoingRecord
from agents.kafka.consumed_record import ConsumedRecord
from agents.schema_registry.client import UNKNOWN_IDS, UNKNOWN_S, ConfluentRegistry, client_for
from agents.settings.model import Settings
from agents.worker.batch_transport import RecordBatch
from agents.worker.ingest_agent import IngestAgent
from schemas.codec import Codec
from schemas.errors import Reason
from schemas.records import record, records
from schemas.topics import Name
from schemas.validation import Limits
from tests.support.bus_events import click
from tests.support.servers.fake_schema_registry import Registry, schema_registry

NOW = 1_790_000_000_000
TOPICS = Settings(_env_file=None).topics
TOPIC = TOPICS.name(Name.NAVIGATION)
SIGNALS = TOPICS.name(Name.SIGNALS)
BODY = Codec().encode(record("navigation"), click("c", event_time=NOW))[10:]
STRANGE = 5000


class IngestHarness:
    """An ingest with a registry behind HTTP, and a clock of its own."""

    def __init__(self, url: str) -> None:
        self.now, self.kept = 0.0, RecordingProducer()
        client = client_for(Settings(_env_file=None, registry_url=url), **{"max.retries": 0})
        codec = Codec(ConfluentRegistry(client, lambda: self.now))
        self._ingest = IngestAgent(
            Name.NAVIGATION, TOPICS, codec, Limits(), cast(AsyncProducer, self.kept), lambda: NOW
        )
        self._offset = 0

    async def process(self, *ids: int) -> list[OutgoingRecord]:
        """What follows from a batch of events that differ in the id of their schema."""
        before = len(self.kept.sent)
        values = [b"\0" + number.to_bytes(4, "big") + BODY for number in ids]
        records: list[Any] = [
            ConsumedRecord(TOPIC, 0, self._offset + n, b"c", value, (), NOW) for n, value in enumerate(values)
        ]
        self._offset += len(ids)
        await self._ingest.process(RecordBatch(TOPIC, 0, records))
        return self.kept.sent[before:]

    def reasons(self, *ids: int) -> list[str]:
        """The dead letters' reasons; the topic of what is none."""
        return [reason(outgoing) for outgoing in asyncio.run(self.process(*ids))]


def reason(outgoing: OutgoingRecord) -> str:
    return (dict(outgoing.headers).get("__connect.errors.reason") or outgoing.topic.encode()).decode()


@pytest.fixture
def registry() -> Iterator[Registry]:
    with schema_registry() as registry:
        yield filled(registry)


def filled(registry: Registry) -> Registry:
    for schema in records().values():
        registry.register(schema.full_name, schema.published)
    return registry


@pytest.fixture
def ingest(registry: Registry) -> IngestHarness:
    return IngestHarness(registry.url)


@pytest.fixture
def known(registry: Registry) -> int:
    return registry.ids.index(record("navigation").published) + 1


def test_an_id_nobody_knows_is_asked_for_once(ingest: IngestHarness, registry: Registry, known: int) -> None:
    flood = [STRANGE] * 1000
    for _ in range(5):
        assert ingest.reasons(*flood, known) == [Reason.UNKNOWN_SCHEMA] * 1000 + [SIGNALS]
    assert registry.asked == [STRANGE, known]
    letter = dict(ingest.kept.sent[0].headers)
    assert letter["__connect.errors.exception.message"] == f"the registry has no schema with id {STRANGE}".encode()


def test_a_schema_registered_later_is_found(ingest: IngestHarness, registry: Registry) -> None:
    coming = len(registry.ids) + 1
    assert ingest.reasons(coming) == [Reason.UNKNOWN_SCHEMA]
    registry.ids.append(record("navigation").published)
    ingest.now = UNKNOWN_S - 1
    assert ingest.reasons(coming) == [Reason.UNKNOWN_SCHEMA]
    ingest.now = UNKNOWN_S + 1
    assert ingest.reasons(coming) == [SIGNALS]


def test_ever_new_ids_are_not_asked_for_without_end(ingest: IngestHarness, registry: Registry, known: int) -> None:
    assert ingest.reasons(known) == [SIGNALS]
    flood = range(STRANGE, STRANGE + 1000)
    limited = [Reason.RATE_LIMITED] * (1000 - UNKNOWN_IDS)
    assert ingest.reasons(*flood, known) == [Reason.UNKNOWN_SCHEMA] * UNKNOWN_IDS + limited + [SIGNALS]
    assert registry.asked == [known, *flood[:UNKNOWN_IDS]]
    letter = dict(ingest.kept.sent[-2].headers)
    assert b"not looked up" in (letter["__connect.errors.exception.message"] or b"")
    ingest.now = UNKNOWN_S + 1
    assert ingest.reasons(flood[-1]) == [Reason.UNKNOWN_SCHEMA]


def test_ids_that_no_registry_gives_out_are_not_asked_for(ingest: IngestHarness, registry: Registry) -> None:
    assert set(ingest.reasons(0, 2**31, 2**32 - 1)) == {Reason.UNKNOWN_SCHEMA}
    assert registry.asked == []


async def asked(registry: Registry, times: int) -> None:
    while len(registry.asked) < times:
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("status", [404, 429, 500, 503])
async def test_a_registry_that_cannot_tell_now_is_waited_for_and_the_loop_is_free(
    ingest: IngestHarness, registry: Registry, known: int, status: int
) -> None:
    registry.status = status
    task = asyncio.create_task(ingest.process(known, STRANGE))
    thrice = asyncio.create_task(asked(registry, 3))  # on the step's loop: it could not count if that were held up
    await asyncio.wait([task, thrice], return_when=asyncio.FIRST_COMPLETED)
    assert not task.done()
    assert ingest.kept.sent == []
    registry.status = None
    assert [reason(outgoing) for outgoing in await task] == [SIGNALS, Reason.UNKNOWN_SCHEMA]


async def test_a_registry_that_is_not_there_is_waited_for() -> None:
    port = free_port()
    ingest = IngestHarness(f"http://{LOOPBACK}:{port}")
    task = asyncio.create_task(ingest.process(STRANGE))
    await asyncio.wait([task], timeout=0.5)  # it would have ended: a connection is refused at once
    assert not task.done()
    with schema_registry(port):
        assert [reason(outgoing) for outgoing in await task] == [Reason.UNKNOWN_SCHEMA]


@pytest.mark.parametrize("status", [401, 403])
def test_a_registry_that_lets_nobody_in_is_a_matter_of_settings(
    ingest: IngestHarness, registry: Registry, status: int
) -> None:
    registry.status = status
    with pytest.raises(Failure, match=rf"Authentication failed at the schema registry \(HTTP {status}\)") as raised:
        ingest.reasons(STRANGE)
    assert "TENOR_REGISTRY_PASSWORD" in (raised.value.hint or "")
    assert ingest.kept.sent == []
    assert len(registry.asked) == 1
