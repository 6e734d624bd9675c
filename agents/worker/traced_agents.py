"""The agents whose records are traced: as ever, with a span beside the work on a record that is in a sampled trace.

A stage's span begins with the work on its record and ends when everything that follows from the run is acknowledged.
What is published carries the span's context, so whoever reads it goes on from there.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, Status, StatusCode

from agents.kafka.async_producer import OutgoingRecord
from agents.worker.batch_transport import RecordBatch
from agents.worker.conversation_agent import ConversationAgent, FoldedBatch
from agents.worker.ingest_agent import IngestAgent
from agents.worker.tracing import Tracing, context_of, headers_for
from schemas.headers import ERROR_PREFIX
from schemas.topics import Name
from streams.conversations.partition import Partition

REASON = ERROR_PREFIX + "reason"

Part = tuple[Context | None, Sequence[Any]]


def parts(records: Sequence[Any]) -> Iterator[Part]:
    """Records cut where tracing needs it: each that is in a sampled trace alone, those between together."""
    contexts = [context_of(message) for message in records]
    for place, several in groupby(range(len(records)), lambda i: None if contexts[i] is None else i):
        yield (None if place is None else contexts[place]), [records[i] for i in several]


class OpenSpans:
    """Spans under way, by partition: a run of a partition begins after the one before it has ended."""

    def __init__(self) -> None:
        self._open: defaultdict[int, list[Span]] = defaultdict(list)

    def add(self, partition: int, span: Span) -> None:
        self._open[partition].append(span)

    def end(self, partition: int) -> None:
        """What follows from the run is acknowledged."""
        for span in reversed(self._open.pop(partition, [])):
            span.end()


class TracedIngestAgent(IngestAgent):
    """Ingest, with a span ``ingest`` for each record that is in a sampled trace."""

    def __init__(self, tracing: Tracing, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._tracing, self._spans = tracing, OpenSpans()

    async def step(self, run: RecordBatch) -> None:
        await super().step(run)
        self._spans.end(run.partition)

    async def _read(self, records: Sequence[Any]) -> list[OutgoingRecord]:
        found: list[OutgoingRecord] = []
        for context, part in parts(records):
            found += await (super()._read(part) if context is None else self._traced(part[0], context))
        return found

    async def _traced(self, message: Any, context: Context) -> list[OutgoingRecord]:
        span = self._tracing.begin("ingest", message, context)
        self._spans.add(message.partition, span)
        return [carrying(out, span) for out in await super()._read([message])]


class TracedConversationAgent(ConversationAgent):
    """Conversations, with a span ``fold`` for each signal that is in a sampled trace, and ``intervention`` in it."""

    def __init__(self, tracing: Tracing, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._tracing, self._spans = tracing, OpenSpans()

    async def _publish(self, run: RecordBatch, partition: Partition) -> None:
        await super()._publish(run, partition)
        self._spans.end(run.partition)

    async def _fold(self, records: Sequence[Any], partition: Partition) -> FoldedBatch:
        outgoing: list[OutgoingRecord] = []
        arrivals: list[int | None] = []
        for context, part in parts(records):
            if context is None:
                folded = await super()._fold(part, partition)
            else:
                folded = await self._traced(part[0], context, partition)
            outgoing += folded.outgoing
            arrivals += folded.arrivals
        return FoldedBatch(outgoing, arrivals)

    async def _traced(self, message: Any, context: Context, partition: Partition) -> FoldedBatch:
        span, skipped = self._tracing.begin("fold", message, context), partition.skipped
        self._spans.add(message.partition, span)
        folded = await super()._fold([message], partition)
        if partition.skipped > skipped:
            span.set_attribute("tenor.repeat", True)
        return FoldedBatch(self._carrying(folded.outgoing, span, message.partition), folded.arrivals)

    def _carrying(self, outgoing: list[OutgoingRecord], span: Span, partition: int) -> list[OutgoingRecord]:
        """Records with the context of the fold; what was decided, and is asked for, with that of the intervention."""
        asked = self._topics.name(Name.INTERVENTIONS)
        decided = {self._topics.name(Name.DECISIONS), asked}
        decisions = [out for out in outgoing if out.topic in decided]
        if not decisions:
            return [carrying(out, span) for out in outgoing]
        within = self._tracing.within("intervention", span, about(decisions, asked))
        self._spans.add(partition, within)
        return [carrying(out, within if out.topic in decided else span) for out in outgoing]


def about(decisions: Sequence[OutgoingRecord], interventions: str) -> dict[str, str | bool]:
    """What a span says of a decision: which it was, and whether it asks for an intervention or leaves alone."""
    ids = [(value or b"").decode() for name, value in decisions[0].headers if name == "ce_id"]
    return {"tenor.decision_id": ids[0], "tenor.intervention": any(out.topic == interventions for out in decisions)}


def carrying(out: OutgoingRecord, span: Span) -> OutgoingRecord:
    """A record with the span's context. A dead letter keeps the headers it came with; its span says why it is one."""
    reasons = [(value or b"").decode() for name, value in out.headers if name == REASON]
    if reasons:
        span.set_status(Status(StatusCode.ERROR, reasons[-1]))
        return out
    return out._replace(headers=[*out.headers, *headers_for(span)])
