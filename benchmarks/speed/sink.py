"""Rows per second into the embedded ClickHouse, through the sink as it runs in production.

    python -m benchmarks.speed.sink [rows]

Reads from Apache Kafka (``--broker tansu``: from the embedded broker) what workers publish: trajectory points, and
with every hundred of them two decisions, two outcomes and an alert. The sink is a process of its own: offsets
committed, metrics counted. Measured from the first row that is acknowledged to the last, a second run over rows that
are decoded here and go over the native protocol (``clickhouse_http_port=0``) beside it.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Producer
from rich.table import Table

from agents.clickhouse.client import connect
from agents.clickhouse.migrate import migrate
from agents.common.clock import now_ms
from agents.kafka import client as kafka
from agents.kafka.admin import topics
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.record_builder import build_record
from agents.settings.model import Settings
from benchmarks import pictures
from benchmarks.speed import measuring
from schemas.codec import Codec
from streams.outputs import Output
from tests.support.data.records import AT, alert, decision, outcome, point
from tests.support.deployment import Deployment

ROWS, NATIVE_SHARE = 3_000_000, 0.1
ONE_BATCH = Settings.model_fields["sink_rows"].default
POINTS = 100  # to two decisions, two outcomes and an alert
TABLES = ("trajectory_points", "decisions", "outcomes", "alerts")
PLACEHOLDER = "id-00000000000000000000000000000"  # as long as the real ones, so that a number may take its place
ASKED, STRETCH = 200_000, 500_000


class Found(NamedTuple):
    """One run."""

    rows: int
    seconds: float
    sink_cpu_s: float
    clickhouse_cpu_s: float
    broker_cpu_s: float
    sink_bytes: int

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def samples(settings: Settings) -> list[OutgoingRecord]:
    """One round of records whose ids stand as placeholders."""
    conversation = {"conversation_id": PLACEHOLDER, "event_time": AT}
    kinds = [("trajectory_point", point(2, point_id=PLACEHOLDER, event_id=PLACEHOLDER, **conversation))] * POINTS
    kinds[30:30] = [("decision", decision(decision_id=PLACEHOLDER, **conversation))] * 2
    kinds[60:60] = [("outcome", outcome(outcome_id=PLACEHOLDER, decision_id=PLACEHOLDER, **conversation))] * 2
    kinds[90:90] = [("alert", alert(alert_id=PLACEHOLDER, decision_id=PLACEHOLDER, **conversation))]
    codec = Codec()
    return [build_record(Output(kind, PLACEHOLDER, datum), codec, settings.topics) for kind, datum in kinds]


def records(settings: Settings, count: int) -> Iterator[OutgoingRecord]:
    """So many records, each of its own id and none of them encoded anew."""
    round_of = samples(settings)
    for i in range(count):
        one, number = round_of[i % len(round_of)], b"id-%029d" % i
        value = (one.value or b"").replace(PLACEHOLDER.encode(), number)
        yield one._replace(key=number, value=value)


def fill(settings: Settings, count: int) -> None:
    """Topics with so many records, and tables for them."""
    topics.apply(settings)
    migrate(settings)
    producer = Producer(kafka.producer_config(settings) | {"linger.ms": 50})
    for one in records(settings, count):
        while True:
            try:
                producer.produce(one.topic, one.value, one.key, headers=list(one.headers), timestamp=now_ms())
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(60) == 0


def stored(client: Any) -> int:
    """Rows in all tables, repeats included; not asked often, it is ClickHouse's time too."""
    tables = " UNION ALL ".join(f"SELECT count() AS n FROM {table}" for table in TABLES)
    return int(client.execute(f"SELECT sum(n) FROM ({tables})")[0][0])


def run(settings: Settings, rows: int, pids: dict[str, int]) -> Found:
    """Drain a topic that is full already."""
    fill(settings, rows)
    client = connect(settings)
    with tempfile.TemporaryDirectory(prefix="tenor-bench-") as folder:
        deployment = Deployment(settings, Path(folder))
        sink = deployment.start("sink", wait=False)
        try:
            found = drained(client, rows, {"sink": sink.pid, **pids})
            measuring.until(lambda: behind(settings) == 0, "all is committed", 30)
            assert stored(client) == rows, "rows came twice"
            return found
        finally:
            deployment.stop()
            client.disconnect()


def drained(client: Any, rows: int, pids: dict[str, int]) -> Found:
    """From the first batch that is there to the last; from the start where one batch is all."""
    if rows > ONE_BATCH:
        measuring.until(lambda: stored(client) > 0, "the first row")
    begun, before = stored(client), {name: measuring.cpu_s(pid) for name, pid in pids.items()}
    seconds = measuring.until(lambda: stored(client) >= rows, "the last row")
    used = {name: measuring.cpu_s(pid) - before[name] for name, pid in pids.items()}
    held = measuring.resident(pids["sink"])
    return Found(rows - begun, seconds, used["sink"], used["clickhouse"], used["broker"], held)


def behind(settings: Settings) -> int:
    """Records the sink has not committed."""
    names = {one.topic for one in samples(settings)}
    return measuring.lag(settings, settings.topics.sink_group, sorted(names))


def shown(found: dict[str, Found]) -> Table:
    title = f"Rows per second into ClickHouse (asked {ASKED:,}, stretch {STRETCH:,})"
    headings = ("path", "rows/s", "sink CPU µs/row", "ClickHouse", "broker", "sink RSS MB")
    table = Table(*headings, title=title, box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, one in found.items():
        costs = (one.sink_cpu_s, one.clickhouse_cpu_s, one.broker_cpu_s)
        row = [f"{cost / one.rows * 1e6:.2f}" for cost in costs]
        table.add_row(name, f"{one.rate:,.0f}", *row, f"{one.sink_bytes / 1e6:.0f}")
    return table


def draw(found: dict[str, Found], folder: Path) -> None:
    with measuring.plot("sink", folder, height=2.2) as axes:
        names = list(found)
        axes.barh(names, [found[name].rate / 1000 for name in names], color=[pictures.OURS, pictures.FAINT])
        axes.axvline(ASKED / 1000, color=pictures.OTHER, linewidth=1)
        axes.set_xlabel("thousand rows per second into ClickHouse; the line is what was asked")
        axes.invert_yaxis()


def main(rows: int, kind: str, folder: Path = measuring.DOCS) -> dict[str, Found]:
    with (
        measuring.broker(kind) as (reached, broker_pid),
        measuring.clickhouse(reached) as (settings, clickhouse_pid),
    ):
        pids = {"broker": broker_pid, "clickhouse": clickhouse_pid}
        own = {"topic_prefix": "file.", "clickhouse_database": "file"}
        native = {"topic_prefix": "row.", "clickhouse_database": "row", "clickhouse_http_port": 0}
        found = {
            "Avro, read by ClickHouse": run(changed(settings, own), rows, pids),
            "rows, decoded by the sink": run(changed(settings, native), max(round(rows * NATIVE_SHARE), 1), pids),
        }
    kept = {name: {**one._asdict(), "rows_per_s": round(one.rate)} for name, one in found.items()}
    measuring.publish("sink", kept, shown(found), folder)
    draw(found, folder)
    return found


def changed(settings: Settings, changes: dict[str, Any]) -> Settings:
    return settings.model_copy(update=changes)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("rows", type=int, nargs="?", default=ROWS)
    arguments.add_argument("--broker", choices=("kafka", "tansu"), default="kafka")
    given = arguments.parse_args()
    sys.exit(None if main(given.rows, given.broker) else 1)
