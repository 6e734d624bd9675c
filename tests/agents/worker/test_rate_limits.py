"""Ingest cuts a conversation back that brings too much: the rest is dead letters with a reason, nobody else notices."""

import asyncio
from typing import Any, cast

from prometheus_client import REGISTRY

from agents.docgen.sample_warehouse import RecordingProducer
from agents.kafka.async_producer import AsyncProducer, OutgoingRecord
from agents.kafka.consumed_record import ConsumedRecord
from agents.settings.model import Settings
from agents.worker.batch_transport import RecordBatch
from agents.worker.ingest_agent import IngestAgent
from schemas.codec import Codec
from schemas.errors import Reason
from schemas.records import record
from schemas.topics import Name
from schemas.validation import Limits
from streams.conversations.rate_limit import Rate
from tests.support.bus_events import click

NOW = 1_790_000_000_000
CODEC, OWN = Codec(), Settings(_env_file=None)
TOPIC = OWN.topics.name(Name.NAVIGATION)


def event(conversation_id: str) -> bytes:
    return CODEC.encode(record("navigation"), click(conversation_id, event_time=NOW))


def keys_sent_to(outgoing: list[OutgoingRecord], topic: str) -> list[str]:
    return [(record.key or b"").decode() for record in outgoing if record.topic == topic]


class IngestHarness:
    """One ingest and what it publishes."""

    def __init__(self, rate: Rate) -> None:
        self.kept = RecordingProducer()
        outbox = cast(AsyncProducer, self.kept)
        self._ingest = IngestAgent(Name.NAVIGATION, OWN.topics, CODEC, Limits(), outbox, lambda: NOW, rate)

    def process(
        self, *conversation_ids: str, offset: int = 0, at: int = NOW, partition: int = 0
    ) -> list[OutgoingRecord]:
        """What follows from a batch of events."""
        before = len(self.kept.sent)
        records: list[Any] = [
            ConsumedRecord(TOPIC, partition, offset + n, conversation_id.encode(), event(conversation_id), (), at)
            for n, conversation_id in enumerate(conversation_ids)
        ]
        asyncio.run(self._ingest.process(RecordBatch(TOPIC, partition, records)))
        return self.kept.sent[before:]

    def accepted_keys(self, *conversation_ids: str, **where: int) -> list[str]:
        return keys_sent_to(self.process(*conversation_ids, **where), OWN.topics.name(Name.SIGNALS))


def test_what_is_too_much_is_a_dead_letter_and_the_conversation_goes_on() -> None:
    ingest = IngestHarness(Rate(per_s=1.0, burst=3))
    labels = {"topic": TOPIC, "reason": "rate_limited"}
    counted = REGISTRY.get_sample_value("tenor_events_refused_total", labels) or 0.0
    outgoing = ingest.process(*["loud"] * 5, "calm")
    assert keys_sent_to(outgoing, OWN.topics.name(Name.SIGNALS)) == ["loud", "loud", "loud", "calm"]
    letters = [record for record in outgoing if record.topic == OWN.topics.dead_letters(Name.NAVIGATION)]
    assert [record.key for record in letters] == [b"loud", b"loud"]
    headers = dict(letters[0].headers)
    assert headers["__connect.errors.reason"] == Reason.RATE_LIMITED.encode()
    assert headers["__connect.errors.offset"] == b"3"
    assert b"1 a second and 3 at once" in (headers["__connect.errors.exception.message"] or b"")
    assert REGISTRY.get_sample_value("tenor_events_refused_total", labels) == counted + 2
    assert ingest.accepted_keys("loud", "loud", "loud", offset=6, at=NOW + 2000) == ["loud", "loud"]


def test_how_the_log_is_cut_into_batches_changes_nothing() -> None:
    rate = Rate(per_s=1.0, burst=3)
    conversation_ids = ["a", "b", "a", "a", "a", "b", "a"]
    whole, pieces = IngestHarness(rate), IngestHarness(rate)
    cut = [
        key
        for start, end in ((0, 2), (2, 3), (3, 7))
        for key in pieces.accepted_keys(*conversation_ids[start:end], offset=start)
    ]
    assert whole.accepted_keys(*conversation_ids) == cut == ["a", "b", "a", "a", "b"]


def test_partitions_have_buckets_of_their_own() -> None:
    ingest = IngestHarness(Rate(per_s=1.0, burst=1))
    assert ingest.accepted_keys("c", "c") == ["c"]
    assert ingest.accepted_keys("c", "c", partition=1) == ["c"]


def test_what_is_read_again_after_a_rebalance_gets_the_verdicts_of_a_fresh_start() -> None:
    ingest = IngestHarness(Rate(per_s=1.0, burst=2))
    first = ingest.accepted_keys("c", "c", "c")
    assert ingest.accepted_keys("c", "c", "c") == first == ["c", "c"]
    assert ingest.accepted_keys("c", offset=3) == []


def test_the_settings_say_how_much() -> None:
    assert OWN.rate == Rate()
    assert Settings(_env_file=None, rate_per_s=2, rate_burst=5).rate == Rate(2.0, 5)
