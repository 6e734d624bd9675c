"""Faust as its guide teaches it: an agent sees one event at a time and writes its table for each.

    python -m benchmarks.throughput.faust_app fold|whole BROKERS GROUP PARTITIONS

``fold`` reads tenor.signals. ``whole`` also ingests: an agent for each input topic decodes, checks, reads and sends the
signal on, and what the fold publishes goes to its topics. Of Tenor it uses contracts, extraction and fold.
"""

import sys
from typing import Any

import faust
from faust.transport.drivers import aiokafka

from agents.common.clock import now_ms
from benchmarks.throughput.per_event import CODEC, SIGNAL, folded, signal_in
from schemas.records import record
from schemas.topics import INGESTED, KEY_OF, RECORD_OF, TOPIC_OF, Name
from schemas.validation import Limits, check
from streams.outputs import Output
from streams.signals.extraction import extract_signal

LIMITS = Limits()
FETCH_WAIT_MS = 30


class ConsumerThread(aiokafka.AIOKafkaConsumerThread):
    """Faust's, with Tenor's wait: the embedded broker sleeps through half of it, though records come meanwhile."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer


class Consumer(aiokafka.Consumer):
    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class Transport(aiokafka.Transport):
    Consumer = Consumer


def new_app(brokers: str, group: str, partitions: int) -> faust.App:
    """The application; what differs from Faust's defaults is what the broker or a fair comparison asks for."""
    app = faust.App(
        group,
        broker=f"kafka://{brokers}",
        version=1,
        autodiscover=False,
        web_enabled=False,
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        topic_partitions=partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=2.0,  # joining the embedded broker's group takes half of it
        broker_heartbeat_interval=0.4,
        broker_commit_interval=1.0,
        stream_recovery_delay=0.0,
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    return app


def add_fold(app: faust.App) -> None:
    """The agent that folds."""
    signals = app.topic(str(Name.SIGNALS))
    table = app.Table("conversations", partitions=app.conf.topic_partitions)
    topics = {name: app.topic(str(name)) for name in TOPIC_OF.values()}

    async def publish(output: Output) -> None:
        name, datum = TOPIC_OF[output.record], output.datum
        key = datum[KEY_OF.get(name, "conversation_id")] or datum["tenant"]
        await topics[name].send(key=key.encode(), value=CODEC.encode(record(output.record), datum))

    async def fold(stream: Any) -> None:
        async for key, value in stream.items():
            state, outputs = folded(table.get(key), signal_in(value))
            for output in outputs:
                await publish(output)
            if state is not None:
                table[key] = state

    app.agent(signals, name="fold")(fold)


def add_ingest(app: faust.App, name: Name) -> None:
    """The agent that reads one input topic."""
    kind = RECORD_OF[name]
    schema, signals = record(kind), app.topic(str(Name.SIGNALS))

    async def ingest(stream: Any) -> None:
        async for one in stream.events():
            event, message = CODEC.decode(schema, one.value, {}), one.message
            check(kind, event, now_ms(), LIMITS)
            signal = extract_signal(kind, event, (message.topic, message.partition, message.offset), now_ms())
            await signals.send(key=one.key, value=CODEC.encode(SIGNAL, signal))

    app.agent(app.topic(str(name)), name=f"ingest-{kind}")(ingest)


def main(what: str, brokers: str, group: str, partitions: str) -> None:
    app = new_app(brokers, group, int(partitions))
    add_fold(app)
    if what == "whole":
        for name in INGESTED:
            add_ingest(app, name)
    faust.Worker(app, loglevel="warning", redirect_stdouts=False, daemon=True).execute_from_commandline()


if __name__ == "__main__":
    main(*sys.argv[1:])
