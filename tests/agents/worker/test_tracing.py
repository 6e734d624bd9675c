"""Traces: a producer's trace goes on through ingest, fold and intervention; without traces nothing is loaded."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import TracerProvider
from pydantic import SecretStr

import agents.worker
from agents.common.errors import Failure
from agents.kafka.consumed_record import ConsumedRecord
from agents.settings.model import Settings
from agents.worker import app, traced_agents, tracing
from agents.worker.conversation_agent import ConversationAgent
from agents.worker.ingest_agent import IngestAgent
from schemas.topics import Name
from tests.support.bus_events import ANGRY, CALM, conversation, now_ms
from tests.support.deployment import deploy, eventually

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED, UNSAMPLED = (f"00-{TRACE}-{SPAN}-{flags}".encode() for flags in ("01", "00"))
TURNS = [CALM, *[ANGRY] * 11]


@dataclass
class Collector:
    """What came to an OTLP receiver: spans, and what it was told of who sends them."""

    endpoint: str
    spans: list[Span] = field(default_factory=list)
    services: set[str] = field(default_factory=set)
    tokens: set[str | None] = field(default_factory=set)

    def take(self, body: bytes, token: str | None) -> None:
        self.tokens.add(token)
        for spans in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {
                attribute.value.string_value
                for attribute in spans.resource.attributes
                if attribute.key == "service.name"
            }
            self.spans += [span for scope in spans.scope_spans for span in scope.spans]

    def of(self, trace: str) -> dict[str, Span]:
        """Spans of one trace, by name."""
        return {span.name: span for span in self.spans if span.trace_id.hex() == trace}


@contextmanager
def collector() -> Iterator[Collector]:
    """A running OTLP/HTTP receiver."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            collected.take(self.rfile.read(int(self.headers["Content-Length"])), self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collected = Collector(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collected
    finally:
        server.shutdown()


def attributes(span: Span) -> dict[str, Any]:
    """What a span says."""
    return {
        attribute.key: getattr(attribute.value, str(attribute.value.WhichOneof("value")))
        for attribute in span.attributes
    }


def trace_of(record: ConsumedRecord) -> str:
    """The trace a record's reader would go on with."""
    return (record.header("traceparent") or "--").split("-")[1]


def test_a_trace_goes_on_from_the_event_to_the_intervention(settings: Settings, tmp_path: Path) -> None:
    """Each customer turn of conversations that get worse is in a trace of its own; the answers are in none."""
    events = [event for number in range(4) for event in conversation(f"angry-{number}", TURNS, now_ms() - 3_600_000)]
    records = [(Name.MESSAGES, event["conversation_id"], event, in_trace(i)) for i, event in enumerate(events)]
    broken = (Name.MESSAGES, "broken", b"no event", {"traceparent": SAMPLED})
    with collector() as collected:
        own = settings.model_copy(update={"otlp_endpoint": collected.endpoint, "otlp_token": SecretStr("collector")})
        deployment = deploy(own, tmp_path)
        try:
            running = deployment.start_worker()
            deployment.produce([*encoded(own, records), broken])
            asked = eventually(lambda: deployment.read(Name.INTERVENTIONS), "an intervention")[0]
            eventually(lambda: len(deployment.points()) == len(events) // 2, "every customer turn is folded")
            running.stop(10)  # what has not been sent is sent now
            points, decisions = deployment.read(Name.TRAJECTORIES), deployment.read(Name.DECISIONS)
        finally:
            deployment.stop()
    assert running.exit_code == 0, running.log_tail()
    stages = collected.of(trace_of(asked))
    assert set(stages) == {"ingest", "fold", "intervention"}
    ingest, fold, intervention = stages["ingest"], stages["fold"], stages["intervention"]
    assert ingest.parent_span_id.hex() == SPAN
    assert fold.parent_span_id == ingest.span_id and intervention.parent_span_id == fold.span_id
    assert (asked.header("traceparent") or "").split("-")[2:] == [intervention.span_id.hex(), "01"]
    assert attributes(intervention) == {"tenor.decision_id": asked.header("ce_id"), "tenor.intervention": True}
    assert attributes(ingest)["messaging.destination.name"] == own.topics.name(Name.MESSAGES)
    assert attributes(fold)["messaging.destination.name"] == own.topics.name(Name.SIGNALS)
    assert ingest.start_time_unix_nano <= ingest.end_time_unix_nano <= intervention.end_time_unix_nano
    assert len({trace_of(point) for point in points}) == len(points) and "" not in map(trace_of, points)
    assert {trace_of(decision) for decision in decisions} <= {trace_of(point) for point in points}
    assert len([span for span in collected.spans if span.name == "ingest"]) == len(points) + 1, "answers have no span"
    refused = collected.of(TRACE)["ingest"].status
    assert (refused.code, refused.message) == (Status.STATUS_CODE_ERROR, "unknown_format")
    assert collected.services == {"tenor-worker"} and collected.tokens == {"Bearer collector"}
    assert not any("angry" in str(span) for span in collected.spans), "nothing erases a person from a trace backend"


def in_trace(number: int) -> Mapping[str, bytes]:
    """Headers of every other event."""
    return {} if number % 2 else {"traceparent": f"00-{number + 1:032x}-{SPAN}-01".encode()}


def encoded(settings: Settings, records: list[tuple[Name, str, dict[str, Any], Mapping[str, bytes]]]) -> Iterator[Any]:
    from agents.schema_registry.client import codec_for
    from schemas.records import record

    codec = codec_for(settings)
    for name, key, event, headers in records:
        yield name, key, codec.encode(record("message"), event), headers


def message(*headers: tuple[str, bytes | None]) -> Any:
    return SimpleNamespace(topic="t", partition=0, offset=1, headers=headers)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("traceparent", UNSAMPLED)],
        [("traceparent", None)],
        [("traceparent", b"")],
        [("traceparent", b"\xff\xfe")],
        [("traceparent", SAMPLED[:-3])],
        [("traceparent", SAMPLED.replace(TRACE.encode(), b"0" * 32))],
        [("tracestate", b"a=b")],
        [("content-type", b"application/json")],
    ],
)
def test_what_is_in_no_sampled_trace(headers: list[tuple[str, bytes | None]]) -> None:
    assert tracing.context_of(message(*headers)) is None
    assert tracing.context_of(SimpleNamespace(headers=None)) is None


def test_records_are_cut_where_a_trace_begins_and_ends() -> None:
    plain, sampled = message(), message(("traceparent", SAMPLED))
    records = [plain, plain, sampled, sampled, plain]
    cut = [(context is not None, list(part)) for context, part in traced_agents.split_at_traced(records)]
    assert cut == [(False, [plain, plain]), (True, [sampled]), (True, [sampled]), (False, [plain])]


def test_the_state_of_a_trace_is_handed_on() -> None:
    headers = (("traceparent", SAMPLED), ("tracestate", b"vendor=1"))
    context = tracing.context_of(message(*headers))
    assert context is not None
    span = tracing.Tracing(TracerProvider(), "group").begin("ingest", message(*headers), context)
    onward = dict(tracing.headers_for(span))
    assert onward["tracestate"] == b"vendor=1" and onward["traceparent"].split(b"-")[1] == TRACE.encode()


@pytest.mark.parametrize(("share", "flags"), [(0.0, b"00"), (1.0, b"01")])
def test_a_share_of_the_sampled_traces_is_continued(share: float, flags: bytes) -> None:
    settings = Settings(_env_file=None, otlp_endpoint="http://127.0.0.1:9", otlp_share=share)  # type: ignore[call-arg]
    record = message(("traceparent", SAMPLED))
    context = tracing.context_of(record)
    assert context is not None
    span = tracing.new_tracing(settings).begin("ingest", record, context)
    assert dict(tracing.headers_for(span))["traceparent"].endswith(flags)
    assert span.is_recording() == bool(share)


def test_without_traces_the_agents_are_the_plain_ones_and_nothing_is_loaded() -> None:
    assert app.select_agent_types(Settings(_env_file=None)) == (IngestAgent, ConversationAgent)  # type: ignore[call-arg]
    look = "import sys, agents.worker.app; sys.exit('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0


def test_traces_asked_for_and_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("traced_agents", "tracing"):
        monkeypatch.delitem(sys.modules, f"agents.worker.{name}")
        monkeypatch.delattr(agents.worker, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    settings = Settings(_env_file=None, otlp_endpoint="http://127.0.0.1:9")  # type: ignore[call-arg]
    with pytest.raises(Failure, match="is set, but opentelemetry") as raised:
        app.select_agent_types(settings)
    assert "tenor[otel]" in str(raised.value.hint)
