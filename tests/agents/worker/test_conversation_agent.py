"""Conversations: what a run publishes, in which order, and what becomes of it where a rebalance comes in between."""

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
from agents.worker.changelog import NOWHERE
from agents.worker.conversation_agent import SIGNAL, ConversationAgent, waves
from agents.worker.table_store import PartitionedStore
from schemas.codec import Codec
from schemas.topics import OUTPUTS, Name, Topics
from streams.signals.extraction import extract_signal
from tests.end_to_end.events import ANGRY, message

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
    """Whoever reads an outcome finds its decision, even of the same run."""
    run = [OutgoingRecord(TOPICS.name(name), key, b"value") for key in (b"c1", b"c2") for name in reversed(OUTPUTS)]
    first, then = waves(run, TOPICS)
    assert {one.topic for one in then} == {"staging.tenor.outcomes"}
    assert [one for one in run if one in first] == first
    assert sorted([*first, *then]) == sorted(run)
    assert "staging.tenor.outcomes" not in {one.topic for one in first}


def test_a_run_without_outcomes_goes_out_at_once() -> None:
    run = [OutgoingRecord(TOPICS.name(Name.DECISIONS), b"c1", b"value")]
    assert waves(run, TOPICS) == (run, [])


@pytest.fixture
def store() -> PartitionedStore:
    found = PartitionedStore.__new__(PartitionedStore)  # a Faust service that is never started needs no app
    found.__post_init__()
    return found


def conversations(store: PartitionedStore, outbox: Outbox) -> ConversationAgent:
    settings, codec = Settings(_env_file=None), Codec()  # type: ignore[call-arg]
    known: tuple[Any, ...] = outbox, TextModelStore(settings), PolicyStore(settings, codec), lambda reached: None
    return ConversationAgent(settings.config, TOPICS, codec, store, *known, BEHIND_S)


def run_of_one(acked: list[bool]) -> RecordBatch:
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


async def stepped(folding: ConversationAgent, run: RecordBatch) -> None:
    await folding.step(run)
    await asyncio.sleep(10 * BEHIND_S)


def test_a_run_is_finished_once_its_states_are_written(store: PartitionedStore) -> None:
    outbox, acked = Outbox(), list[bool]()
    run = run_of_one(acked)
    asyncio.run(stepped(conversations(store, outbox), run))
    assert run.done and acked == [True]
    assert store.reading(0).reached == 7 and "c1" in {key.rpartition("\x1f")[2] for key in store.partition(0)}


def test_a_run_whose_partition_went_away_while_it_was_published_is_nowhere_taken_for_written(
    store: PartitionedStore,
) -> None:
    """Its states went with the fold that was forgotten; said to be written they would be missing for good."""
    outbox, acked = Outbox(), list[bool]()
    folding, run = conversations(store, outbox), run_of_one(acked)
    outbox.meanwhile = folding.forget
    asyncio.run(stepped(folding, run))
    assert outbox.taken, "the run was published"
    assert not run.done and acked == [True], "it must not be committed, and no rebalance waits for it"
    assert store.reading(0).reached == NOWHERE and not store.partition(0)
