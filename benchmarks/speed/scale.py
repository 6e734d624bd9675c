"""What live conversations cost: throughput, memory, changelog and recovery as their number grows.

    python -m benchmarks.speed.scale [1000 10000 100000 1000000]

On Apache Kafka, as the embedded broker never compacts. For each size topics of its own: a keystroke burst
and a message open every conversation; the worker is killed (SIGKILL); more bursts wait in the topic; a new worker is
timed from its start until it is ready (it waits for the session of the dead one to end, too), then while it folds what
waited. Signals are encoded ahead. At one size the load is then sent live, to one worker and to two.

Which conversations speak decides what a signal costs, as a state is written once per run and conversation. So at every
size two hundred of them speak at a time, eight signals each, before the next; a second number is of signals that come
from all conversations in turn, the dearest there are where they are many. Memory of a conversation is what the worker
holds beyond what it holds with the fewest conversations.
"""

import argparse
import itertools
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Producer
from rich.table import Table

from agents.common.clock import now_ms
from agents.embedded.process import ChildProcess
from agents.kafka import client
from agents.kafka.topic_reader import read
from agents.settings.model import Settings
from agents.sink.avro_container import encode_long
from benchmarks import pictures
from benchmarks.speed import measuring
from schemas.codec import Codec
from schemas.records import record
from schemas.topics import Name
from streams.signals.extraction import Signal, extract_signal
from tests.support.bus_events import CALM, burst, message
from tests.support.deployment import Deployment, deploy

SIZES = (1_000, 10_000, 100_000, 1_000_000)
MEASURED, SHARED_AT = 200_000, 100_000
AT_A_TIME, ROUNDS = 200, 8
POSITION = 8  # digits of a number, so that one may take another's place in bytes
KEY = "c-" + "0" * POSITION


class Found(NamedTuple):
    """One size.

    Attributes:
        rate: signals per second folded into live conversations.
        cpu_us: processor time of the worker for each.
        scattered_per_s, scattered_cpu_us: the same where all conversations speak in turn.
        opened_per_s: conversations opened per second, two signals each.
        resident: bytes the worker holds.
        changelog: bytes of a conversation's last state, key included.
        recovery_s: from the start of a new process until it is ready.
        fed_one, fed_two: signals per second of one worker and of two while the load is sent; None where not tried.
    """

    conversations: int
    rate: float
    cpu_us: float
    scattered_per_s: float
    scattered_cpu_us: float
    opened_per_s: float
    resident: int
    changelog: float
    recovery_s: float
    fed_one: float | None = None
    fed_two: float | None = None


class Signals:
    """Signals encoded once: a conversation's key and the offset of its input event are put in place as bytes."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topics.name(Name.SIGNALS)
        self._producer = Producer(client.producer_config(settings) | {"linger.ms": 20})
        self._offset = 2**40  # of nine bytes in Avro like all that follow, so that they differ in digits alone

    def send(self, kind: str, event: dict[str, Any], conversations: Iterator[int], count: int) -> None:
        """So many signals of one kind, one for each of these conversations."""
        before, after = self._around(kind, event)
        for number in itertools.islice(conversations, count):
            self._offset += 1
            key = b"c-%0*d" % (POSITION, number)
            self._produce(key, before.replace(KEY.encode(), key) + encode_long(self._offset) + after)
        assert self._producer.flush(120) == 0

    def _around(self, kind: str, event: dict[str, Any]) -> tuple[bytes, bytes]:
        """The bytes before and after the offset of the input event."""
        value = Codec().encode(record("signal"), self._signal(kind, event))
        return value.split(encode_long(self._offset))[0], value.split(encode_long(self._offset))[1]

    def _signal(self, kind: str, event: dict[str, Any]) -> Signal:
        return extract_signal(kind, event, (f"conversation.{kind}", 0, self._offset), now_ms())

    def _produce(self, key: bytes, value: bytes) -> None:
        while True:
            try:
                return self._producer.produce(self._topic, value, key)
            except BufferError:
                self._producer.poll(0.1)


def all_of(size: int) -> Iterator[int]:
    """The conversations in turn, without end; neighbours are far apart."""
    return (i * 7919 % size for i in itertools.count())


def in_turn(size: int) -> Iterator[int]:
    """A few conversations at a time, a few rounds of them, without end."""
    for first in itertools.cycle(range(0, size, AT_A_TIME)):
        for _ in range(ROUNDS):
            yield from range(first, min(first + AT_A_TIME, size))


def folded(deployment: Deployment, workers: Sequence[ChildProcess]) -> float:
    """Signals these workers have folded."""
    return sum(deployment.metric(worker, "tenor_signals_folded_total") for worker in workers)


def opened(deployment: Deployment, signals: Signals, size: int) -> tuple[ChildProcess, float]:
    """A worker that knows so many conversations, and how many a second it opened."""
    worker, started = deployment.start_worker(), time.monotonic()
    for kind, event in (("keystrokes", burst(KEY)), ("message", message(KEY, CALM))):
        signals.send(kind, event, all_of(size), size)
    measuring.until(lambda: folded(deployment, [worker]) >= 2 * size, "all are opened", 3600, 0.1)
    rate = size / (time.monotonic() - started)
    measuring.until(lambda: measuring.signals_lag(deployment.settings) == 0, "all is committed", 60)
    return worker, rate


def rate_of(deployment: Deployment, worker: ChildProcess, first: int, last: int) -> tuple[float, float]:
    """Signals per second between two counts of what it has folded, and processor time of each, µs."""
    measuring.until(lambda: folded(deployment, [worker]) >= first, "folding begins", 600, 0.02)
    begun, used, started = folded(deployment, [worker]), measuring.cpu_s(worker.pid), time.monotonic()
    measuring.until(lambda: folded(deployment, [worker]) >= last, "all is folded", 3600, 0.02)
    done = max(folded(deployment, [worker]) - begun, 1)
    return done / (time.monotonic() - started), (measuring.cpu_s(worker.pid) - used) / done * 1e6


def changelog_bytes(settings: Settings) -> float:
    """Bytes of the last state of a conversation, with its key; the mean of all."""
    last = {one.key: len(one.key or b"") + len(one.value or b"") for one in read(settings, [settings.topics.changelog])}
    sizes = [size for key, size in last.items() if key and not key.startswith(b"\0")]
    return sum(sizes) / len(sizes)


def measured(settings: Settings, size: int, count: int, folder: Path, share: bool) -> Found:
    """One size, on topics of its own."""
    deployment = deploy(settings.model_copy(update={"topic_prefix": f"of{size}."}), folder)
    signals = Signals(deployment.settings)
    try:
        worker, opened_per_s = opened(deployment, signals, size)
        worker, recovery_s, *usual = after_a_kill(deployment, signals, worker, in_turn(size), count)
        worker, _, *scattered = after_a_kill(deployment, signals, worker, all_of(size), count)
        resident, changelog = measuring.resident(worker.pid), changelog_bytes(deployment.settings)
        fed_by = fed(deployment, signals, worker, size, count) if share else ()
        return Found(size, *usual, *scattered, opened_per_s, resident, changelog, recovery_s, *fed_by)
    finally:
        deployment.stop()


def after_a_kill(
    deployment: Deployment, signals: Signals, worker: ChildProcess, whose: Iterator[int], count: int
) -> tuple[ChildProcess, float, float, float]:
    """A new worker; seconds until it was ready; signals per second of what waited, and processor time of each, µs."""
    os.kill(worker.pid, signal.SIGKILL)
    measuring.until(lambda: not worker.alive, "the worker is dead")
    signals.send("keystrokes", burst(KEY), whose, count)
    started = time.monotonic()
    successor = deployment.start_worker()
    recovery_s = time.monotonic() - started
    rate, cpu_us = rate_of(deployment, successor, count // 5, count)  # states are indexed in the first of it
    measuring.until(lambda: measuring.signals_lag(deployment.settings) == 0, "all is committed", 60)
    return successor, recovery_s, rate, cpu_us


def fed(deployment: Deployment, signals: Signals, worker: ChildProcess, size: int, count: int) -> tuple[float, float]:
    """Signals per second of one worker, then of two, while they are being sent: nobody's cores but the machine's."""
    rates, workers = [], [worker]
    for joins in (False, True):
        if joins:
            workers.append(deployment.start_worker())
            measuring.until(lambda: measuring.signals_lag(deployment.settings) == 0, "they have shared", 60)
        begun, started = folded(deployment, workers), time.monotonic()
        signals.send("keystrokes", burst(KEY), all_of(size), count)
        measuring.until(lambda at=begun: folded(deployment, workers) >= at + count, "all is folded", 600)  # type: ignore[misc]
        rates.append(count / (time.monotonic() - started))
    return rates[0], rates[1]


def beyond(found: Sequence[Found], one: Found) -> float | None:
    """Bytes the worker holds for a conversation, beyond what it holds with the fewest."""
    more = one.conversations - found[0].conversations
    return (one.resident - found[0].resident) / more if more else None


def shown(found: Sequence[Found]) -> Table:
    costs = ("signals/s", "ratio", "µs", "in turn/s", "ratio", "µs", "opened/s", "MB", "B each", "log B", "recovery")
    table = Table("size", *costs, title="Live conversations, and what they cost", box=None)
    for column in table.columns:
        column.justify = "right"
    for one in found:
        each = beyond(found, one)
        table.add_row(
            f"{one.conversations:,}",
            f"{one.rate:,.0f}",
            f"{one.rate / found[0].rate:.2f}",
            f"{one.cpu_us:.0f}",
            f"{one.scattered_per_s:,.0f}",
            f"{one.scattered_per_s / found[0].scattered_per_s:.2f}",
            f"{one.scattered_cpu_us:.0f}",
            f"{one.opened_per_s:,.0f}",
            f"{one.resident / 1e6:.0f}",
            "" if each is None else f"{each:,.0f}",
            f"{one.changelog:.0f}",
            f"{one.recovery_s:.1f}",
        )
    for one in found:
        if one.fed_one and one.fed_two:
            table.caption = (
                f"fed live, {one.conversations:,} conversations: one worker {one.fed_one:,.0f} signals/s, "
                f"two {one.fed_two:,.0f} ({one.fed_two / one.fed_one:.2f})"
            )
    return table


def draw(found: Sequence[Found], folder: Path) -> None:
    sizes = [one.conversations for one in found]
    panels = {
        "signals per second": [one.rate for one in found],
        "MB resident": [one.resident / 1e6 for one in found],
        "recovery, seconds": [one.recovery_s for one in found],
    }
    with measuring.plot("scale", folder, panels=len(panels), height=2.4) as axes:
        for axis, (name, values) in zip(axes, panels.items(), strict=True):
            axis.plot(sizes, values, marker="o", color=pictures.OURS)
            axis.set_xscale("log")
            axis.set_ylim(0, max(values) * 1.15)
            axis.set_title(name, fontsize=10)
            axis.set_xlabel("live conversations")


def main(
    sizes: Sequence[int] = SIZES,
    count: int = MEASURED,
    shared_at: int = SHARED_AT,
    kind: str = "kafka",
    folder: Path = measuring.DOCS,
) -> list[Found]:
    with measuring.broker(kind) as (settings, _), tempfile.TemporaryDirectory(prefix="tenor-bench-") as directory:
        found = [measured(settings, size, count, Path(directory), size == shared_at) for size in sizes]
    measuring.publish("scale", {str(one.conversations): one._asdict() for one in found}, shown(found), folder)
    draw(found, folder)
    return found


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("sizes", type=int, nargs="*", default=SIZES)
    arguments.add_argument("--signals", type=int, default=MEASURED, help="measured at each size")
    given = arguments.parse_args()
    main(given.sizes, given.signals)
