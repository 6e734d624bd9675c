"""From an event to the intervention that follows from it, beside a bare trip through the same broker.

    python -m benchmarks.speed.latency [--rate EVENTS_PER_SECOND] [--seconds 30]

One worker with its usual settings (commits, changelog, metrics), made to raise at the first furious message. A probe
is such a message, the first of its conversation, among traffic of other conversations: 70 % keystroke bursts, 20 %
clicks, 10 % messages. With each probe one record goes to a topic of its own and is consumed at once: the bare trip,
under the same load, by the same client. First the rate the worker sustains is measured, fed as fast as it folds; then
latency at 10, 50 and 80 % of it. Producer, worker and broker share the machine, which is why full topics are not
drained for it: a worker that has the machine to itself does more than it can under a live load.
"""

import argparse
import itertools
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic
from rich.table import Table

from agents.common.clock import now_ms
from agents.kafka import client
from agents.settings.model import Settings
from benchmarks import pictures
from benchmarks.speed import measuring
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import INGESTED, RECORD_OF, Name
from streams.config.model import BeliefConfig, DecisionConfig
from tests.support.bus_events import ANGRY, burst, click, message
from tests.support.deployment import Deployment, deploy

LOADS = (0.1, 0.5, 0.8)
SECONDS, WARM_UP_S, PROBES_PER_S = 30.0, 2.0, 50
FED, AHEAD, FED_EVERY_S = 60_000, 4_000, 0.2
CONVERSATIONS, POOL = 1000, 5000
BEAT_S = 0.005
ECHO = "benchmark.echo"
QUANTILES = (50.0, 99.0, 99.9)
# One furious message raises, and no lottery and no holdout keeps the intervention back.
EAGER = {
    "belief": BeliefConfig(threshold=1.0, clear=0.4),
    "decision": DecisionConfig(control_share=0.0, holdout_share=0.0),
}

Event = tuple[str, bytes, bytes]


class Found(NamedTuple):
    """Latencies at one load, milliseconds, by quantile; and how many probes came back of those sent."""

    rate: float
    tenor: dict[str, float]
    bare: dict[str, float]
    came: int
    sent: int


def encoded(settings: Settings, name: Name, event: dict[str, Any]) -> Event:
    value = Codec().encode(record(RECORD_OF[name]), event)
    return settings.topics.name(name), event["conversation_id"].encode(), value


def traffic(settings: Settings) -> Iterator[Event]:
    """Background events without end; the same few thousand over and over, each a new record all the same."""
    kinds = [(Name.KEYSTROKES, burst)] * 7 + [(Name.NAVIGATION, click)] * 2 + [(Name.MESSAGES, message)]
    pool = []
    for i in range(POOL):
        name, make = kinds[i % len(kinds)]
        pool.append(encoded(settings, name, make(f"background-{i * 7 % CONVERSATIONS}")))
    return itertools.cycle(pool)


class Load:
    """Produces background traffic at a rate, and probes among it."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._traffic = settings, traffic(settings)
        self._producer = Producer(client.producer_config(settings))
        self.sent: dict[bytes, float] = {}

    def send(self, count: int) -> None:
        """Background events, as fast as they go."""
        for topic, key, value in itertools.islice(self._traffic, count):
            self._produce(topic, key, value)
        self._producer.poll(0)

    def flush(self) -> None:
        assert self._producer.flush(60) == 0

    def keep_up(self, rate: float, seconds: float, name: str) -> None:
        """Send at ``rate`` for so long, a probe every so often; what is late is made up for."""
        started, events, probes = time.perf_counter(), 0, 0
        while (elapsed := time.perf_counter() - started) < seconds:
            due = int(elapsed * rate) - events
            self.send(due)
            events += due
            if elapsed * PROBES_PER_S >= probes:
                self._probe(f"{name}-{probes}")
                probes += 1
            time.sleep(BEAT_S)
        self.flush()

    def _probe(self, name: str) -> None:
        topic, key, value = encoded(self._settings, Name.MESSAGES, message(name, ANGRY))
        for where in (topic, self._settings.topic_prefix + ECHO):
            self.sent[where.encode() + key] = time.perf_counter()
            self._produce(where, key, value)

    def _produce(self, topic: str, key: bytes, value: bytes) -> None:
        while True:
            try:
                return self._producer.produce(topic, value, key, timestamp=now_ms())
            except BufferError:
                self._producer.poll(0.1)


class Listener:
    """Notes when each record of a topic comes, by its key."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self.came: dict[bytes, float] = {}
        self._consumer = Consumer(client.consumer_config(settings, f"benchmark-{topic}"))
        positions = client.partitions_of(settings, [topic])
        self._consumer.assign([TopicPartition(*position, 0) for position in positions])
        self._open = True
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while self._open:
            one = self._consumer.poll(0.1)
            if one is not None and one.error() is None:
                self.came.setdefault(one.key() or b"", time.perf_counter())

    def close(self) -> None:
        self._open = False
        self._thread.join()
        self._consumer.close()


def quantiles(milliseconds: list[float]) -> dict[str, float]:
    return {f"p{q:g}": round(float(np.percentile(milliseconds, q)), 2) for q in QUANTILES}


def behind(settings: Settings) -> int:
    names = [settings.topics.name(name) for name in (*INGESTED, Name.SIGNALS)]
    return measuring.lag(settings, settings.topics.worker_group, names)


def sustained(deployment: Deployment, load: Load, count: int) -> float:
    """Events per second a worker folds while they are being sent, never more than a few thousand ahead of it."""
    worker, sent = deployment.start_worker(), 0

    def folded_after_sending(most: int) -> float:
        nonlocal sent
        folded = deployment.metric(worker, "tenor_signals_folded_total")
        room = min(AHEAD - int(sent - folded), most - sent)
        load.send(max(room, 0))
        sent += max(room, 0)
        return folded

    measuring.until(lambda: folded_after_sending(count) >= count // 5, "the worker is warm", 60, FED_EVERY_S)
    begun, started = folded_after_sending(count), time.monotonic()
    measuring.until(lambda: folded_after_sending(count) >= count * 9 // 10, "nearly all is folded", 60, FED_EVERY_S)
    return (folded_after_sending(count) - begun) / (time.monotonic() - started)


def measured(deployment: Deployment, load: Load, rate: float, seconds: float, name: str) -> Found:
    """Latencies at one rate."""
    settings = deployment.settings
    interventions, echo = settings.topics.name(Name.INTERVENTIONS), settings.topic_prefix + ECHO
    listeners = [Listener(settings, interventions), Listener(settings, echo)]
    try:
        load.keep_up(rate, min(WARM_UP_S, seconds), f"warm-{name}")
        warm = len(load.sent) // 2
        load.sent.clear()
        load.keep_up(rate, seconds, name)
        count = warm + len(load.sent) // 2
        measuring.until(lambda: behind(settings) == 0, "all is folded", 120)
        measuring.until(lambda: all(len(one.came) >= count for one in listeners), "all probes are back", 10)
    finally:
        for listener in listeners:
            listener.close()
    messages = settings.topics.name(Name.MESSAGES)
    tenor, bare = (
        [
            1000 * (listener.came[key] - at)
            for sent, at in load.sent.items()
            if sent.startswith(topic.encode()) and (key := sent.removeprefix(topic.encode())) in listener.came
        ]
        for listener, topic in zip(listeners, (messages, echo), strict=True)
    )
    return Found(round(rate), quantiles(tenor), quantiles(bare), len(tenor), len(load.sent) // 2)


def target(bare: dict[str, float], times: float, plus: float) -> float:
    return times * bare["p99"] + plus


def shown(found: dict[str, Found]) -> Table:
    table = Table(
        "load", "events/s", "", *found_names(), "asked p99", title="From an event to its intervention, ms", box=None
    )
    for column in table.columns[3:]:
        column.justify = "right"
    for load, one in found.items():
        asked = f"{target(one.bare, 5, 50):.0f} ({target(one.bare, 2, 20):.0f})"
        table.add_row(load, f"{one.rate:,.0f}", "intervention", *(f"{ms:.1f}" for ms in one.tenor.values()), asked)
        table.add_row("", "", "bare trip", *(f"{ms:.1f}" for ms in one.bare.values()))
    return table


def found_names() -> list[str]:
    return [f"p{q:g}" for q in QUANTILES]


def draw(found: dict[str, Found], folder: Path) -> None:
    with measuring.plot("latency", folder) as axes:
        for shift, name, color in ((-0.2, "bare", pictures.FAINT), (0.2, "tenor", pictures.OURS)):
            label = "bare trip through the broker" if name == "bare" else "event to intervention"
            p99 = [getattr(one, name)["p99"] for one in found.values()]
            p50 = [getattr(one, name)["p50"] for one in found.values()]
            places = [i + shift for i in range(len(found))]
            axes.bar(places, p99, 0.38, color=color, alpha=0.45)
            axes.bar(places, p50, 0.38, color=color, label=label)
        axes.set_xticks(range(len(found)), [f"{load} of {one.rate:,.0f}/s" for load, one in found.items()])
        axes.set_ylabel("ms: median, and pale the 99th percentile")
        axes.legend(frameon=False)


def main(
    rate: float | None = None,
    seconds: float = SECONDS,
    kind: str = "kafka",
    count: int = FED,
    folder: Path = measuring.DOCS,
) -> dict[str, Found]:
    with measuring.broker(kind) as (reached, _), tempfile.TemporaryDirectory(prefix="tenor-bench-") as directory:
        settings = reached.model_copy(update=EAGER)
        deployment = deploy(settings, Path(directory))
        admin = client.admin_client(settings)
        admin.create_topics([NewTopic(ECHO, 1, 1)])[ECHO].result(10)
        load = Load(settings)
        try:
            full = sustained(deployment, load, count) if rate is None else rate
            if rate is not None:
                deployment.start_worker()
            found = {f"{at:.0%}": measured(deployment, load, at * full, seconds, f"probe-{at:g}") for at in LOADS}
        finally:
            deployment.stop()
    kept = {"sustained_per_s": round(full), **{at: one._asdict() for at, one in found.items()}}
    measuring.publish("latency", kept, shown(found), folder)
    draw(found, folder)
    return found


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--rate", type=float, help="events per second taken as the sustainable rate")
    arguments.add_argument("--seconds", type=float, default=SECONDS, help="of each load")
    arguments.add_argument("--broker", choices=("kafka", "tansu"), default="kafka")
    given = arguments.parse_args()
    main(given.rate, given.seconds, given.broker)
