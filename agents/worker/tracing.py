"""Traces: the W3C trace context in a record's headers, continued through our stages and exported by OTLP over HTTP.

Imported only where ``TENOR_OTLP_ENDPOINT`` is set. Only traces that a producer sampled are continued: a record without
a sampled ``traceparent`` has no span. Spans hold positions in topics and ids of decisions, and no personal data, since
``tenor erase`` does not reach a trace backend.
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
    """Starts spans in the traces that records belong to.

    Args:
        provider: receives the spans.
        group: consumer group of the worker.
    """

    def __init__(self, provider: TracerProvider, group: str) -> None:
        self._tracer = provider.get_tracer("tenor")
        self._group = group

    def begin(self, stage: str, message: Any, context: Context) -> Span:
        """A span for one record in one stage."""
        attributes = {
            "messaging.system": "kafka",
            "messaging.operation.type": "process",
            "messaging.consumer.group.name": self._group,
            "messaging.destination.name": message.topic,
            "messaging.destination.partition.id": str(message.partition),
            "messaging.kafka.offset": message.offset,
        }
        return self._tracer.start_span(stage, context, SpanKind.CONSUMER, attributes)

    def begin_child(self, stage: str, span: Span, attributes: Mapping[str, str | bool]) -> Span:
        """A child span for a published output."""
        return self._tracer.start_span(stage, set_span_in_context(span), SpanKind.PRODUCER, attributes)


def context_of(message: Any) -> Context | None:
    """The sampled trace a record belongs to; None for no trace, or a header that cannot be read."""
    if not any(name == PARENT for name, _ in message.headers or ()):
        return None
    carrier = {name: value.decode("ascii", "replace") for name, value in message.headers if value is not None}
    context = CONTEXT.extract(carrier)
    return context if get_current_span(context).get_span_context().trace_flags.sampled else None


def headers_for(span: Span) -> HeaderList:
    """Headers with which a record's readers continue the trace from a span."""
    carrier: dict[str, str] = {}
    CONTEXT.inject(carrier, set_span_in_context(span))
    return [(name, value.encode()) for name, value in carrier.items()]


def new_tracing(settings: Settings) -> Tracing:
    """Tracing as set: a share of the traces that producers sampled, exported in batches from a thread of its own.

    Waiting spans are exported at exit. The share is taken by trace id, so every stage takes the same traces.
    """
    sampler = ParentBased(ALWAYS_OFF, remote_parent_sampled=TraceIdRatioBased(settings.otlp_share))
    provider = TracerProvider(sampler, resource(settings))
    provider.add_span_processor(BatchSpanProcessor(exporter(settings)))
    return Tracing(provider, settings.topics.worker_group)


def exporter(settings: Settings) -> OTLPSpanExporter:
    """The exporter. It reads what has no Tenor setting, such as timeouts, from ``OTEL_EXPORTER_OTLP_*``."""
    assert settings.otlp_endpoint is not None
    token = settings.otlp_token.get_secret_value()
    headers = {"authorization": f"Bearer {token}"} if token else None
    return OTLPSpanExporter(settings.otlp_endpoint.rstrip("/") + PATH, headers=headers)


def resource(settings: Settings) -> Resource:
    """Service name and instance id; ``OTEL_SERVICE_NAME`` and ``OTEL_RESOURCE_ATTRIBUTES`` override them."""
    instance = settings.instance or f"{os.uname().nodename}-{os.getpid()}"
    return Resource({"service.name": "tenor-worker", "service.instance.id": instance}).merge(
        OTELResourceDetector().detect()
    )
