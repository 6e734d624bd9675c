"""What a day of support takes up: records and bytes in each topic, rows and bytes in each table, for capacity planning.

    python -m benchmarks.speed.warehouse [conversations]

The simulated day goes through the folds of the live path in one process, and everything with a table into the embedded
ClickHouse, merged as it is in the end. Topics are counted as bytes on the wire: keys, values and headers in batches of
64 KiB, packed with lz4 as our producers do. What is simulated decides how much is said in a conversation; the bytes of
a record and of a row hardly depend on it.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import cramjam
from clickhouse_driver import Client
from rich.console import Console
from rich.table import Table

from agents.clickhouse.client import connect
from agents.clickhouse.migrate import migrate
from agents.clickhouse.tables import TABLES
from agents.docgen import offline_pipeline
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.record_builder import build_record
from agents.recordings.model import Event, Recording
from agents.settings.model import Settings
from agents.simulator.day import simulate
from benchmarks.speed import measuring
from schemas.codec import Codec
from schemas.records import Datum, record
from schemas.topics import INGESTED, RECORD_OF, Name, Topics
from streams.outputs import Output

CONVERSATIONS, SEED = 2_000, 1
BATCH = 64 * 1024
FRAME = 12  # bytes of lengths, offset and time that Kafka adds to a record

SIZES = """
SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts
WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table
"""


class Topic:
    """What was written to one topic."""

    def __init__(self) -> None:
        self.records = self.bytes = self.packed = 0
        self._batch = bytearray()

    def add(self, key: bytes, value: bytes, headers: Iterable[tuple[str, bytes | None]] = ()) -> None:
        parts = [key, value, *(name.encode() + (said or b"") for name, said in headers)]
        self._batch += b"".join(parts) + self.records.to_bytes(FRAME, "big")
        self.records += 1
        if len(self._batch) >= BATCH:
            self.full()

    def full(self) -> None:
        """A batch is sent."""
        self.bytes += len(self._batch)
        self.packed += len(cramjam.lz4.compress(bytes(self._batch)))
        self._batch.clear()


class Counted(offline_pipeline.OfflinePipeline):
    """The folds of the live path, with every record counted as its topic would hold it."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.config)
        self._codec, self._names = Codec(), Topics()
        self.topics: defaultdict[str, Topic] = defaultdict(Topic)
        self.kinds: Counter[str] = Counter()

    def take(self, event: Event) -> None:
        """One event of an input topic."""
        name = Name(event.topic)
        role = event.event.get("participant_role")
        self.kinds[f"{RECORD_OF[name]}, {role}" if name == Name.MESSAGES else RECORD_OF[name]] += 1
        value = self._codec.encode(record(RECORD_OF[name]), dict(event.event))
        self.topics[str(name)].add(event.key.encode(), value)
        super().take(event)

    def _fold(self, signal: Mapping[str, Any]) -> None:
        value = self._codec.encode(record("signal"), dict(signal))
        self.topics[str(Name.SIGNALS)].add((signal["conversation_id"] or "").encode(), value)
        super()._fold(signal)

    def _publish(self, output: Output) -> None:
        self._add(build_record(output, self._codec, self._names))
        super()._publish(output)

    def _add(self, one: OutgoingRecord) -> None:
        self.topics[one.topic].add(one.key or b"", one.value or b"", one.headers)


def counted(settings: Settings, recording: Recording) -> Counted:
    """A recording, to its end."""
    run = Counted(settings)
    for event in recording.events:
        if event.topic in INGESTED:
            run.take(event)
    run.finish(max(int(event.event["event_time"]) for event in recording.events))
    for topic in run.topics.values():
        topic.full()
    return run


def stored(client: Client, records: Mapping[Name, list[Datum]]) -> dict[str, dict[str, int]]:
    """Rows and bytes of each table once its parts are merged."""
    offline_pipeline.store(client, records)
    for name in records.keys() & TABLES.keys():
        client.execute(f"OPTIMIZE TABLE {TABLES[name].name} FINAL")
    return {
        table: {"rows": rows, "bytes": size} for table, rows, size in client.execute(SIZES) if table != "migrations"
    }


def seconds(recording: Recording) -> float:
    """Mean time from the first event of a conversation to its last."""
    spans: dict[str, tuple[int, int]] = {}
    for event in recording.events:
        at = int(event.event["event_time"])
        first, last = spans.get(event.key, (at, at))
        spans[event.key] = min(first, at), max(last, at)
    return sum(last - first for first, last in spans.values()) / len(spans) / 1000


def main(conversations: int = CONVERSATIONS) -> dict[str, Any]:
    base = Settings(_env_file=None)  # type: ignore[call-arg]
    recording = Recording(SEED, tuple(simulate(SEED, conversations)))
    run = counted(base, recording)
    with measuring.clickhouse(base) as (settings, _):
        migrate(settings)
        client = connect(settings)
        tables = stored(client, run.records)
        client.disconnect()
    return {
        "setting": {"conversations": conversations, "seed": SEED},
        "conversation": {"events": sum(run.kinds.values()) / conversations, "seconds": round(seconds(recording), 1)},
        "events": dict(sorted(run.kinds.items())),
        "topics": {
            name: {"records": one.records, "bytes": one.bytes, "packed": one.packed}
            for name, one in sorted(run.topics.items())
        },
        "tables": tables,
    }


def shown(found: Mapping[str, Any]) -> Table:
    events = sum(found["events"].values())
    table = Table("where", "records", "of a million events", "MB of a million events", box=None)
    for name, one in [*found["topics"].items(), *found["tables"].items()]:
        count, size = one.get("records", one.get("rows")), one.get("packed", one["bytes"])
        table.add_row(name, f"{count:,}", f"{count / events * 1e6:,.0f}", f"{size / events:,.1f}")
    return table


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("conversations", type=int, nargs="?", default=CONVERSATIONS)
    given = arguments.parse_args()
    measured = main(given.conversations)
    measuring.publish("warehouse", measured, shown(measured), measuring.DOCS)
    Console().print(json.dumps(measured["conversation"]))
