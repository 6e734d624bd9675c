"""What traces cost: processor time of a burst of typing in ingest and in the fold, without traces and with them.

    python -m benchmarks.speed.traces

One process, no broker: runs of 1,000 records go through the agents, what they publish goes nowhere, spans are begun and
ended and not exported. Rows: traces off; on, and no record is in one; on, and every record is in a sampled one.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from rich.console import Console
from rich.table import Table

from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.consumed_record import ConsumedRecord
from agents.learning.policies import PolicyStore
from agents.learning.text_models import TextModelStore
from agents.settings.model import Settings
from agents.worker.batch_transport import RecordBatch
from agents.worker.conversation_agent import SIGNAL, ConversationAgent
from agents.worker.ingest_agent import IngestAgent
from agents.worker.table_store import PartitionedStore
from agents.worker.traced_agents import TracedConversationAgent, TracedIngestAgent
from agents.worker.tracing import Tracing
from benchmarks.throughput.workload import BURSTS, events
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import Name
from schemas.validation import Limits
from streams.signals.extraction import extract_signal

EVENTS, AT_ONCE, ROUNDS = 20_000, 1_000, 3
SAMPLED = (("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),)
CODEC = Codec()
SETTINGS = Settings(_env_file=None)  # type: ignore[call-arg]
TYPED = [event | {"customer_id": None} for _, event in events(EVENTS, BURSTS)]

Headers = tuple[tuple[str, bytes], ...]


class Nowhere:
    """An outbox that is always acknowledged."""

    async def send(self, records: Sequence[OutgoingRecord]) -> None:
        pass


def runs(topic: str, values: Sequence[bytes], headers: Headers) -> list[RecordBatch]:
    records: list[Any] = [ConsumedRecord(topic, 0, i, b"key", one, headers, 0) for i, one in enumerate(values)]
    return [RecordBatch(topic, 0, records[i : i + AT_ONCE]) for i in range(0, len(records), AT_ONCE)]


def ingest(traced: bool) -> Any:
    args: Any = (Name.KEYSTROKES, SETTINGS.topics, CODEC, Limits(), Nowhere(), lambda: TYPED[0]["event_time"])
    return TracedIngestAgent(Tracing(TracerProvider(), "bench"), *args) if traced else IngestAgent(*args)


def conversations(traced: bool) -> Any:
    store = PartitionedStore.__new__(PartitionedStore)  # a Faust service that is never started needs no app
    store.__post_init__()
    known: Any = (
        store,
        Nowhere(),
        TextModelStore(SETTINGS),
        PolicyStore(SETTINGS, CODEC),
        lambda reached: None,
        3600.0,
    )
    args = (SETTINGS.config, SETTINGS.topics, CODEC, *known)
    return TracedConversationAgent(Tracing(TracerProvider(), "bench"), *args) if traced else ConversationAgent(*args)


async def microseconds(step: Callable[[RecordBatch], Any], of: list[RecordBatch]) -> float:
    started = time.process_time()
    for run in of:
        await step(run)
    return (time.process_time() - started) / EVENTS * 1e6


def measured(traced: bool, headers: Headers) -> tuple[float, float]:
    """Of ingest and of the fold, the least of some rounds."""
    typed = [CODEC.encode(record("keystrokes"), event) for event in TYPED]
    read = [extract_signal("keystrokes", one, ("k", 0, i), one["event_time"]) for i, one in enumerate(TYPED)]
    inputs, signals = runs("k", typed, headers), runs("s", [CODEC.encode(SIGNAL, one) for one in read], headers)

    def folded() -> float:
        agent = conversations(traced)
        partition = agent.partition(0)
        return asyncio.run(microseconds(lambda run: agent._publish(run, partition), signals))

    taken = min(asyncio.run(microseconds(ingest(traced).process, inputs)) for _ in range(ROUNDS))
    return taken, min(folded() for _ in range(ROUNDS))


if __name__ == "__main__":
    table = Table("traces", "ingest, µs", "fold, µs", title="A burst of typing", box=None)
    cases: dict[str, tuple[bool, Headers]] = {
        "off": (False, ()),
        "on, no record in one": (True, ()),
        "on, every record in one": (True, SAMPLED),
    }
    for name, case in cases.items():
        table.add_row(name, *(f"{cost:.1f}" for cost in measured(*case)))
    Console().print(table)
