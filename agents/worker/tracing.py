"""Traces: the W3C trace context in a record's headers, continued through our stages and exported by OTLP over HTTP.

Imported only where ``TENOR_OTLP_ENDPOINT`` is set. Only what a producer has sampled is continued: a record without a
sampled ``traceparent`` costs a look at its headers and has no span. Spans hold positions in topics and the ids of
decisions; nothing of a person, for nothing erases a trace backend.
"""

import os
from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from agents.settings.model import Settings
from schemas.headers import HeaderList

CONTEXT = TraceContextTextMapPropagator()
PARENT = "traceparent"
PATH = "/v1/traces"


class Tracing:
    """Begins spans in the traces that records belong to.

    Args:
        provider: where spans go.
        group: consumer group of those who work on the records.
    """

    def __init__(self, provider: TracerProvider, group: str) -> None:
        self._tracer = provider.get_tracer("tenor")
        self._group = group

    def begin(self, stage: str, message: Any, context: Context) -> Span:
        """A span for one record in one stage."""
        place = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.consumer.group.name": self._group,
            "messaging.destination.name": message.topic,
            "messaging.destination.partition.id": str(message.partition),
            "messaging.kafka.offset": message.offset,
        }
        return self._tracer.start_span(stage, context, SpanKind.CONSUMER, place)

    def within(self, stage: str, span: Span, attributes: Mapping[str, str | bool]) -> Span:
        """A span for something that follows from a record and is published."""
        return self._tracer.start_span(stage, set_span_in_context(span), SpanKind.PRODUCER, attributes)


def context_of(message: Any) -> Context | None:
    """The sampled trace a record belongs to; None when it belongs to none, or its header cannot be read."""
    if not any(name == PARENT for name, _ in message.headers or ()):
        return None
    carrier = {name: value.decode("ascii", "replace") for name, value in message.headers if value is not None}
    context = CONTEXT.extract(carrier)
    return context if get_current_span(context).get_span_context().trace_flags.sampled else None


def headers_for(span: Span) -> HeaderList:
    """Headers with which a record's readers go on from a span."""
    carrier: dict[str, str] = {}
    CONTEXT.inject(carrier, set_span_in_context(span))
    return [(name, value.encode()) for name, value in carrier.items()]


def tracing(settings: Settings) -> Tracing:
    """Tracing as set: what a producer sampled, thinned to a share, exported in batches from a thread of its own.

    What waits is exported when the process ends. The share is taken by trace id, so every stage takes the same traces.
    """
    sampler = ParentBased(ALWAYS_OFF, remote_parent_sampled=TraceIdRatioBased(settings.otlp_share))
    provider = TracerProvider(sampler, resource(settings))
    provider.add_span_processor(BatchSpanProcessor(exporter(settings)))
    return Tracing(provider, settings.topics.worker_group)


def exporter(settings: Settings) -> OTLPSpanExporter:
    """The exporter. What has no setting of ours, as time limits, it reads from ``OTEL_EXPORTER_OTLP_*``."""
    assert settings.otlp_endpoint is not None
    token = settings.otlp_token.get_secret_value()
    headers = {"authorization": f"Bearer {token}"} if token else None
    return OTLPSpanExporter(settings.otlp_endpoint.rstrip("/") + PATH, headers=headers)


def resource(settings: Settings) -> Resource:
    """Who we are; ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` say it otherwise."""
    instance = settings.instance or f"{os.uname().nodename}-{os.getpid()}"
    return Resource({"service.name": "tenor-worker", "service.instance.id": instance}).merge(
        OTELResourceDetector().detect()
    )
