"""Agents with tracing: the same work, with a span for each record that is in a sampled trace.

A span starts with the work on its record and ends when all outputs of the batch are acknowledged. Published records
carry the span's context, so their readers continue the trace.
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


def split_at_traced(records: Sequence[Any]) -> Iterator[Part]:
    """Split records: each one in a sampled trace alone, the others in groups."""
    contexts = [context_of(message) for message in records]
    for index, group in groupby(range(len(records)), lambda i: None if contexts[i] is None else i):
        yield (None if index is None else contexts[index]), [records[i] for i in group]


class OpenSpans:
    """Open spans by partition: a partition's batches are processed one after the other."""

    def __init__(self) -> None:
        self._open: defaultdict[int, list[Span]] = defaultdict(list)

    def add(self, partition: int, span: Span) -> None:
        self._open[partition].append(span)

    def end(self, partition: int) -> None:
        """End the spans of a batch: its outputs are acknowledged."""
        for span in reversed(self._open.pop(partition, [])):
            span.end()


class TracedIngestAgent(IngestAgent):
    """Ingest, with a span ``ingest`` for each record that is in a sampled trace."""

    def __init__(self, tracing: Tracing, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._tracing, self._spans = tracing, OpenSpans()

    async def process(self, batch: RecordBatch) -> None:
        await super().process(batch)
        self._spans.end(batch.partition)

    async def _convert(self, records: Sequence[Any]) -> list[OutgoingRecord]:
        outgoing: list[OutgoingRecord] = []
        for context, part in split_at_traced(records):
            outgoing += await (super()._convert(part) if context is None else self._process_traced(part[0], context))
        return outgoing

    async def _process_traced(self, message: Any, context: Context) -> list[OutgoingRecord]:
        span = self._tracing.begin("ingest", message, context)
        self._spans.add(message.partition, span)
        return [add_trace_context(out, span) for out in await super()._convert([message])]


class TracedConversationAgent(ConversationAgent):
    """Conversations, with a span ``fold`` for each signal that is in a sampled trace, and ``intervention`` in it."""

    def __init__(self, tracing: Tracing, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._tracing, self._spans = tracing, OpenSpans()

    async def _publish(self, batch: RecordBatch, partition: Partition) -> None:
        await super()._publish(batch, partition)
        self._spans.end(batch.partition)

    async def _fold(self, records: Sequence[Any], partition: Partition) -> FoldedBatch:
        outgoing: list[OutgoingRecord] = []
        arrivals: list[int | None] = []
        for context, part in split_at_traced(records):
            if context is None:
                folded = await super()._fold(part, partition)
            else:
                folded = await self._process_traced(part[0], context, partition)
            outgoing += folded.outgoing
            arrivals += folded.arrivals
        return FoldedBatch(outgoing, arrivals)

    async def _process_traced(self, message: Any, context: Context, partition: Partition) -> FoldedBatch:
        span, skipped = self._tracing.begin("fold", message, context), partition.skipped
        self._spans.add(message.partition, span)
        folded = await super()._fold([message], partition)
        if partition.skipped > skipped:
            span.set_attribute("tenor.repeat", True)
        return FoldedBatch(self._add_trace_context(folded.outgoing, span, message.partition), folded.arrivals)

    def _add_trace_context(self, outgoing: list[OutgoingRecord], span: Span, partition: int) -> list[OutgoingRecord]:
        """Records with the context of the fold; decisions and interventions with that of the span ``intervention``."""
        interventions = self._topics.name(Name.INTERVENTIONS)
        decision_topics = {self._topics.name(Name.DECISIONS), interventions}
        decisions = [out for out in outgoing if out.topic in decision_topics]
        if not decisions:
            return [add_trace_context(out, span) for out in outgoing]
        intervention = self._tracing.begin_child("intervention", span, decision_attributes(decisions, interventions))
        self._spans.add(partition, intervention)
        return [add_trace_context(out, intervention if out.topic in decision_topics else span) for out in outgoing]


def decision_attributes(decisions: Sequence[OutgoingRecord], interventions: str) -> dict[str, str | bool]:
    """Span attributes of a decision: its id, and whether it requests an intervention."""
    ids = [(value or b"").decode() for name, value in decisions[0].headers if name == "ce_id"]
    return {"tenor.decision_id": ids[0], "tenor.intervention": any(out.topic == interventions for out in decisions)}


def add_trace_context(out: OutgoingRecord, span: Span) -> OutgoingRecord:
    """The record with the span's context. A dead letter keeps its own headers; its span gets the reason as status."""
    reasons = [(value or b"").decode() for name, value in out.headers if name == REASON]
    if reasons:
        span.set_status(Status(StatusCode.ERROR, reasons[-1]))
        return out
    return out._replace(headers=[*out.headers, *headers_for(span)])
