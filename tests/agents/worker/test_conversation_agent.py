"""Conversations: what a batch publishes, in which order, and what becomes of it where a rebalance comes in between."""

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from agents.common.clock import now_ms
from agents.kafka.async_producer import OutgoingRecord
from agents.learning.policies import PolicyStore
from agents.learning.text_models import TextModelStore
from agents.settings.model import Settings
from agents.worker.batch_transport import RecordBatch
from agents.worker.changelog import NO_OFFSET
from agents.worker.conversation_agent import SIGNAL, ConversationAgent, split_outcomes
from agents.worker.table_store import PartitionedStore
from schemas.codec import Codec
from schemas.topics import OUTPUTS, Name, Topics
from streams.signals.extraction import extract_signal
from tests.support.bus_events import ANGRY, message

TOPICS = Topics("staging.")
BEHIND_S = 0.01


class Outbox:
    """Takes everything; what happens meanwhile, once, may be said."""

    def __init__(self) -> None:
        self.taken: list[OutgoingRecord] = []
        self.meanwhile: Callable[[], None] = lambda: None

    async def send(self, records: Sequence[OutgoingRecord]) -> None:
        self.taken += records
        await asyncio.sleep(0)
        happens, self.meanwhile = self.meanwhile, lambda: None
        happens()


def test_outcomes_go_out_once_all_else_is_acknowledged() -> None:
    """Whoever reads an outcome finds its decision, even of the same batch."""
    batch = [OutgoingRecord(TOPICS.name(name), key, b"value") for key in (b"c1", b"c2") for name in reversed(OUTPUTS)]
    others, outcomes = split_outcomes(batch, TOPICS)
    assert {record.topic for record in outcomes} == {"staging.tenor.outcomes"}
    assert [record for record in batch if record in others] == others
    assert sorted([*others, *outcomes]) == sorted(batch)
    assert "staging.tenor.outcomes" not in {record.topic for record in others}


def test_a_batch_without_outcomes_goes_out_at_once() -> None:
    batch = [OutgoingRecord(TOPICS.name(Name.DECISIONS), b"c1", b"value")]
    assert split_outcomes(batch, TOPICS) == (batch, [])


@pytest.fixture
def store() -> PartitionedStore:
    store = PartitionedStore.__new__(PartitionedStore)  # a Faust service that is never started needs no app
    store.__post_init__()
    return store


def conversations(store: PartitionedStore, outbox: Outbox) -> ConversationAgent:
    settings, codec = Settings(_env_file=None), Codec()  # type: ignore[call-arg]
    known: tuple[Any, ...] = outbox, TextModelStore(settings), PolicyStore(settings, codec), lambda reached: None
    return ConversationAgent(settings.config, TOPICS, codec, store, *known, BEHIND_S)


def batch_of_one(acked: list[bool]) -> RecordBatch:
    signal = extract_signal("message", message("c1", ANGRY, event_time=now_ms()), ("conversation.messages", 0, 0))
    record: Any = SimpleNamespace(
        topic=TOPICS.name(Name.SIGNALS),
        partition=0,
        offset=7,
        key=b"c1",
        value=Codec().encode(SIGNAL, signal),
        headers=(),
    )
    return RecordBatch(record.topic, 0, [record], event=SimpleNamespace(ack=lambda: acked.append(True)))


async def process_and_wait(agent: ConversationAgent, batch: RecordBatch) -> None:
    await agent.process(batch)
    await asyncio.sleep(10 * BEHIND_S)


def test_a_batch_is_finished_once_its_states_are_written(store: PartitionedStore) -> None:
    outbox, acked = Outbox(), list[bool]()
    batch = batch_of_one(acked)
    asyncio.run(process_and_wait(conversations(store, outbox), batch))
    assert batch.done and acked == [True]
    assert store.cursor(0).highest_as_of == 7 and "c1" in {key.rpartition("\x1f")[2] for key in store.partition(0)}


def test_a_batch_whose_partition_went_away_while_it_was_published_is_nowhere_taken_for_written(
    store: PartitionedStore,
) -> None:
    """Its states went with the fold that was forgotten; said to be written they would be missing for good."""
    outbox, acked = Outbox(), list[bool]()
    agent, batch = conversations(store, outbox), batch_of_one(acked)
    outbox.meanwhile = agent.drop_partitions
    asyncio.run(process_and_wait(agent, batch))
    assert outbox.taken, "the batch was published"
    assert not batch.done and acked == [True], "it must not be committed, and no rebalance waits for it"
    assert store.cursor(0).highest_as_of == NO_OFFSET and not store.partition(0)
