"""The worker: one Faust application with an agent per topic, on the batch transport."""

import asyncio
import gc
import os
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import faust
import structlog
from mode.utils.objects import cached_property

from agents.common import health as health_server
from agents.common.errors import Failure
from agents.common.health import Health
from agents.kafka import client
from agents.kafka.admin import topics
from agents.kafka.admin.offset_continuity import require_reached
from agents.kafka.admin.partition_counts import PartitionCountMonitor
from agents.kafka.async_producer import AsyncProducer
from agents.learning.policies import PolicyStore
from agents.learning.text_models import TextModelStore
from agents.schema_registry.client import codec_for
from agents.settings.model import Settings
from agents.worker import batch_runner, kafka_credentials
from agents.worker.alert_agent import AlertAgent
from agents.worker.batch_transport import BatchTransport, RawBatchSchema
from agents.worker.conversation_agent import ConversationAgent
from agents.worker.ingest_agent import IngestAgent
from agents.worker.profile_agent import ProfileAgent
from agents.worker.table_store import PartitionedTable
from agents.worker.ticks import TickPublisher
from schemas.topics import INGESTED, Name

log = structlog.get_logger(__name__)

# Batches waiting per topic; a batch has up to poll_records records, so a few are plenty and memory stays bounded.
BUFFERED_BATCHES = 8


class Worker:
    """Everything one worker process holds.

    Args:
        settings: the deployment's settings.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.health = Health(settings.stall_s)
        self.app = new_app(settings)
        self.app.transport.on_fetch = self.health.beat  # type: ignore[attr-defined]
        self.health.beat()
        self._codec = codec_for(settings)
        self._ingest, self._conversations = select_agent_types(settings)
        self._schema = RawBatchSchema()
        self._table = self._new_table("conversations", settings.topics.changelog)
        self._profiles_table = self._new_table("profiles", settings.topics.profiles)

    @cached_property
    def outbox(self) -> AsyncProducer:
        return AsyncProducer(self.settings)

    @cached_property
    def conversations(self) -> ConversationAgent:
        settings = self.settings
        return self._conversations(
            settings.config,
            settings.topics,
            self._codec,
            self._table.states,
            self.outbox,
            TextModelStore(settings),
            PolicyStore(settings, self._codec),
            partial(require_reached, settings),
            settings.write_behind_s,
        )

    @cached_property
    def profiles(self) -> ProfileAgent:
        settings = self.settings
        states = self._profiles_table.states
        reached = partial(require_reached, settings)
        return ProfileAgent(settings.config, settings.topics, self._codec, states, self.outbox, reached)

    def build(self) -> faust.App:
        """Register agents, ticks, the partition monitor and readiness; returns the app, not started."""
        settings = self.settings
        for name in INGESTED:
            self._register_agent(
                name, self._ingest(name, settings.topics, self._codec, settings.limits, self.outbox, rate=settings.rate)
            )
        self._register_agent(Name.SIGNALS, self.conversations)
        self._register_agent(Name.CUSTOMERS, self.profiles)
        for name in (Name.DECISIONS, Name.OUTCOMES):
            self._register_agent(name, AlertAgent(name, settings.topics, self._codec, self.outbox))
        self._register_ticks()
        self._register_partition_monitor()
        self._register_readiness()
        return self.app

    def _register_agent(self, name: Name, handler: Any) -> None:
        topic = self._topic(self.settings.topics.name(name))

        async def consume(stream: Any) -> None:
            await batch_runner.run_batches(name, stream, handler.process, self.health)

        self.app.agent(topic, name=f"agents.{name}", concurrency=1)(consume)

    def _topic(self, name: str) -> Any:
        return self.app.topic(name, schema=self._schema)

    def _new_table(self, name: str, changelog: str) -> PartitionedTable:
        """A table whose changelog is one of Tenor's topics, created by ``tenor topics apply``."""
        table = PartitionedTable(
            self.app,
            name=name,
            schema=self._schema,
            partitions=self.settings.partitions,
            changelog_topic=self._changelog(changelog),
            # Batches, not records. Not 1: Faust then keeps applying the changelog after recovery, old over new.
            recovery_buffer_size=2,
        )
        table.states.on_recovery = self.health.beat
        self.app.tables.add(table)
        return table

    def _changelog(self, name: str) -> Any:
        partitions = self.settings.partitions
        return self.app.topic(name, schema=self._schema, acks=False, compacting=True, partitions=partitions)

    def _register_ticks(self) -> None:
        settings = self.settings
        ticks = TickPublisher(settings.topics, self._codec, self.outbox, settings.tick_lateness_s, 2 * settings.tick_s)

        async def publish() -> None:
            with self.health.working("ticks"):
                await ticks.publish_due(self.conversations.partitions, time.monotonic())

        self.app.timer(self.settings.tick_s)(publish)

    def _register_partition_monitor(self) -> None:
        monitor = PartitionCountMonitor(self.settings)

        async def check() -> None:
            try:
                await asyncio.to_thread(monitor.require)
            except Failure as failure:
                log.error(failure.message, what_to_do=failure.hint)
                os._exit(batch_runner.EXIT_CRASHED)

        self.app.timer(self.settings.tick_s)(check)

    def _register_readiness(self) -> None:
        async def revoked(*_: Any, **__: Any) -> None:
            self.health.set_ready(False)
            self._drop_partitions()

        async def recovered(*_: Any, **__: Any) -> None:
            self._drop_partitions()
            self.health.set_ready(True)
            log.info("ready", conversations=len(self._table.states), profiles=len(self._profiles_table.states))

        self.app.on_partitions_revoked.connect(revoked, weak=False)
        self.app.on_rebalance_complete.connect(recovered, weak=False)

    def _drop_partitions(self) -> None:
        self.conversations.drop_partitions()
        self.profiles.drop_partitions()


def select_agent_types(settings: Settings) -> tuple[Callable[..., IngestAgent], Callable[..., ConversationAgent]]:
    """The ingest and conversation agents, traced if ``TENOR_OTLP_ENDPOINT`` is set.

    Selected once, at the start: without tracing, OpenTelemetry is not even loaded and no record pays for it.
    ``Failure`` when OpenTelemetry is not installed.
    """
    if settings.otlp_endpoint is None:
        return IngestAgent, ConversationAgent
    try:
        from agents.worker import traced_agents, tracing
    except ModuleNotFoundError as error:
        raise Failure(
            f"TENOR_OTLP_ENDPOINT is set, but {error.name} is not installed.", "Install tenor[otel], or unset it."
        ) from None
    spans = tracing.new_tracing(settings)
    return partial(traced_agents.TracedIngestAgent, spans), partial(traced_agents.TracedConversationAgent, spans)


class WorkerApp(faust.App):
    """A Faust app without files on disk: recovery reads the changelog."""

    def _create_directories(self) -> None:
        pass


def new_app(settings: Settings) -> faust.App:
    """A Faust app with the batch transport and our settings; nothing registered."""
    app = WorkerApp(
        settings.topics.worker_group,
        broker=[f"kafka://{broker}" for broker in settings.brokers.split(",")],
        broker_credentials=kafka_credentials.build_credentials(settings),
        version=1,
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        topic_partitions=settings.partitions,
        table_standby_replicas=0,
        stream_buffer_maxsize=BUFFERED_BATCHES,
        stream_wait_empty=True,
        stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=client.MAX_MESSAGE_BYTES,
        consumer_group_instance_id=settings.instance,
        broker_max_poll_records=settings.poll_records,
        broker_session_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=max(0.3, settings.session_timeout_s / 6),
        broker_commit_interval=settings.commit_interval_s,
    )
    app.transport = new_transport(app, settings)
    return app


def new_transport(app: faust.App, settings: Settings) -> BatchTransport:
    batch = BatchTransport(app.conf.broker_consumer, app)
    batch.fetch_wait_ms, batch.fetch_bytes = settings.fetch_wait_ms, settings.fetch_bytes
    if settings.embedded:
        batch.isolation_level = "read_uncommitted"  # the embedded broker has no transactions
        batch.end_offsets = lambda positions: asyncio.to_thread(client.end_offsets, settings, positions)
    return batch


def run(settings: Settings) -> None:
    """Run a worker until it is stopped. ``Failure`` when it cannot start."""
    topics.require_all(settings)
    PartitionCountMonitor(settings).require()
    settings.config  # noqa: B018 - loads the protocols file: refuse a broken one before anything starts
    tune_garbage_collector()
    worker = Worker(settings)
    port = health_server.serve(worker.health, settings.http_host, settings.http_port, settings.http_token)
    log.info("worker starts", http_port=port, config_version=settings.config.version)
    faust.Worker(
        worker.build(), loglevel="info", redirect_stdouts=False, override_logging=False, daemon=True
    ).execute_from_commandline()


def tune_garbage_collector() -> None:
    """Collect garbage rarely: the events of a batch are alive, and hardly any object is part of a cycle.

    By default Python scans all live objects every few hundred events, which takes a fifth of the worker's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
