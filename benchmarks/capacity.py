"""Capacity from what was measured: fills the tables of docs/operations.md and docs/a-million-conversations.md.

    python -m benchmarks.capacity        # make capacity-docs

Reads docs/benchmarks/*.json and nothing else; a test fails while the committed documents are not what this makes.
"""

import json
import re
from collections.abc import Iterable, Mapping
from math import ceil, log2
from pathlib import Path
from typing import Any, NamedTuple

from schemas.topics import INGESTED, Topics
from streams.config.model import OutcomeConfig

DOCS = Path(__file__).parents[1] / "docs"
SOURCES = ("throughput", "scale", "sink", "latency", "warehouse")
# Every second core idle: room for peaks, for a worker that is gone, for catching up.
LOAD = 0.5
LIVE = 1_000_000
REPLICATION, DAY_S = 3, 86_400
MB, GB, TB = 1e6, 1e9, 1e12
LEARNER_US = 17.0  # what the learner reads of a signal, docs/benchmarks.md
MESSAGES = 0.1  # share of messages in the benchmark's mix
MIX, BURSTS = "Tenor, 2 workers, mix", "Tenor, 2 workers, bursts"

Row = tuple[str, str, str]


class Measured(NamedTuple):
    """What the benchmarks say, in the units of a plan.

    Attributes:
        per_core: events per second of one core, workers and sink together, by kind of load.
        message_us, other_us: processor time of a message, and of any other event, by these rates.
        scattered_us: what a signal costs more where hardly any two of a run are of one conversation.
        base, each: bytes of a worker with hardly any conversation, and of each conversation more.
        changelog: bytes of a conversation in the changelog.
        recovery_s: until a worker with ``recovered`` conversations is ready.
        insert_per_s: rows the sink gets into ClickHouse.
        inputs, signals, outputs: bytes on the wire of an event: as it comes in, its signal, and all that Tenor writes.
        rows, row_bytes: rows of an event in ClickHouse, and bytes of it there.
        said: share of messages among the events.
        events, seconds: of a conversation, from its first event to its last.
    """

    per_core: dict[str, float]
    message_us: float
    other_us: float
    scattered_us: float
    said: float
    base: float
    each: float
    changelog: float
    recovery_s: float
    recovered: int
    insert_per_s: float
    inputs: float
    signals: float
    outputs: float
    rows: float
    row_bytes: float
    events: float
    seconds: float

    def kept_days(self) -> list[tuple[float, int]]:
        """Bytes of an event on the wire, and for how many days its topic keeps them."""
        return [(self.inputs, 7), (self.signals, 30), (self.outputs - self.signals, 7)]


def load(folder: Path) -> dict[str, Any]:
    return {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in SOURCES}


def measured(found: Mapping[str, Any]) -> Measured:
    """The numbers a plan needs."""
    whole, day = found["throughput"]["whole_path"], found["warehouse"]
    sizes = sorted(found["scale"].values(), key=lambda one: one["conversations"])
    least, most = sizes[0], sizes[-1]
    count = sum(day["events"].values())
    mix, bursts = (whole[name]["events_per_cpu_second"] for name in (MIX, BURSTS))
    said = sum(number for kind, number in day["events"].items() if kind.startswith("message")) / count
    packed = {name: one["packed"] / count for name, one in day["topics"].items()}
    taken = sum(size for name, size in packed.items() if name in INGESTED)
    return Measured(
        per_core={MIX: mix, BURSTS: bursts},
        message_us=(1e6 / mix - (1 - MESSAGES) * 1e6 / bursts) / MESSAGES,
        other_us=1e6 / bursts,
        scattered_us=most["scattered_cpu_us"] - most["cpu_us"],
        said=said,
        base=least["resident"],
        each=(most["resident"] - least["resident"]) / (most["conversations"] - least["conversations"]),
        changelog=most["changelog"],
        recovery_s=most["recovery_s"],
        recovered=most["conversations"],
        insert_per_s=max(one["rows_per_s"] for one in found["sink"].values()),
        inputs=taken,
        signals=packed["tenor.signals"],
        outputs=sum(packed.values()) - taken,
        rows=sum(one["rows"] for one in day["tables"].values()) / count,
        row_bytes=sum(one["bytes"] for one in day["tables"].values()) / count,
        events=day["conversation"]["events"],
        seconds=day["conversation"]["seconds"],
    )


def capacity(found: Mapping[str, Any]) -> str:
    """The tables of docs/operations.md."""
    one, day = measured(found), found["warehouse"]
    count = sum(day["events"].values())
    rows = [
        ("Events a second of one core, mix (7 typing, 2 navigation, 1 message)", f"{one.per_core[MIX]:,.0f}"),
        ("the same, typing alone", f"{one.per_core[BURSTS]:,.0f}"),
        ("so processor time of a message, of any other event, µs", f"{one.message_us:,.0f}, {one.other_us:,.0f}"),
        ("Memory of a worker, MB", f"{one.base / MB:.0f} + {one.each / 1000:.1f} for each 1,000 conversations"),
        ("State of a conversation in the changelog, bytes", f"{one.changelog:.0f}"),
        (f"Recovery of {one.recovered:,} conversations by one worker, s", f"{one.recovery_s:.0f}"),
        ("Rows a second of one sink", f"{one.insert_per_s:,.0f}"),
        ("An event on the wire, as it comes in, bytes", f"{one.inputs:.0f}"),
        ("as its signal, and with everything that follows from it", f"{one.signals:.0f}, {one.outputs:.0f}"),
    ]
    tables = [
        (f"`{name}`", f"{size['rows'] / count * 1e6:,.0f}", f"{size['bytes'] / count:,.1f}", per_row(size))
        for name, size in sorted(day["tables"].items(), key=lambda item: -item[1]["bytes"])
        if size["rows"]
    ]
    tables.append(("together", f"{one.rows * 1e6:,.0f}", f"{one.row_bytes:,.1f}", ""))
    told = (
        f"A simulated day: {count:,} events of {day['setting']['conversations']:,} conversations, "
        f"{one.said:.0%} of them messages. Of a million such events ClickHouse holds:"
    )
    return "\n\n".join(
        [
            table(("What", "Measured"), rows),
            table(
                ("Load, of what is sustained", "Events/s", "To the intervention, p50 / p99, ms"),
                latencies(found["latency"]),
            ),
            told,
            table(("Table", "Rows", "MB", "Bytes a row"), tables),
        ]
    )


def per_row(size: Mapping[str, int]) -> str:
    return f"{size['bytes'] / size['rows']:.0f}"


def latencies(found: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    for load_of, one in found.items():
        if isinstance(one, dict):
            yield load_of, f"{one['rate']:,}", f"{one['tenor']['p50']:,.0f} / {one['tenor']['p99']:,.0f}"


class Plan(NamedTuple):
    """What so many conversations at once take."""

    rate: float
    event_us: float
    states: float
    workers: int
    partitions: int


def plan(one: Measured, live: int = LIVE) -> Plan:
    """Workers of one core each at ``LOAD``; partitions for twice as many, a power of two."""
    rate = live * one.events / one.seconds
    event_us = one.said * one.message_us + (1 - one.said) * one.other_us + one.scattered_us
    workers = ceil(rate * event_us / 1e6 / LOAD)
    kept = live * (one.seconds + OutcomeConfig().idle_s) / one.seconds
    return Plan(rate, event_us, kept, workers, max(8, 2 ** ceil(log2(2 * workers))))


def arithmetic(found: Mapping[str, Any], live: int = LIVE) -> str:
    """The table of docs/a-million-conversations.md."""
    one = measured(found)
    wanted = plan(one, live)
    rows = [
        *of_load(one, wanted, live),
        *of_workers(one, wanted),
        *of_brokers(one, wanted),
        *of_clickhouse(one, wanted),
    ]
    return table((f"For {live:,} conversations that go on at once", "", "Because"), rows)


def of_load(one: Measured, wanted: Plan, live: int) -> list[Row]:
    events, seconds, idle = f"{one.events:.1f}", f"{one.seconds:,.0f}", OutcomeConfig().idle_s
    return [
        ("Events of a conversation", f"{events} in {seconds} s", "the simulated day; put your own in its place"),
        ("Events a second", f"**{wanted.rate:,.0f}**", f"{live:,} × {events} ÷ {seconds}"),
        ("Conversations with state", f"{wanted.states:,.0f}", f"{live:,} × ({seconds} + {idle:,.0f}) ÷ {seconds}"),
    ]


def of_workers(one: Measured, wanted: Plan) -> list[Row]:
    rate, event_us, states, workers, partitions = wanted
    share = states / workers
    cost = (
        f"{one.said:.0%} × {one.message_us:,.0f} + {1 - one.said:.0%} × {one.other_us:,.0f} + {one.scattered_us:,.0f}"
    )
    why = f"{one.base / MB:.0f} MB + {one.each:,.0f} B × {states:,.0f} ÷ {workers}"
    read = f"{one.recovery_s:.0f} s × {states:,.0f} ÷ {workers} ÷ {one.recovered:,}, and no less than it takes to start"
    return [
        ("Processor time of an event, µs", f"{event_us:,.0f}", f"{cost}: messages, others, states written"),
        ("Workers, a core each", f"**{workers}**", f"{rate:,.0f} × {event_us:,.0f} µs ÷ {LOAD:g}"),
        ("Partitions", f"**{partitions}**", f"a power of two, at least 2 × {workers}: they cannot be changed later"),
        ("Memory of a worker", f"**{(one.base + one.each * share) / MB:,.0f} MB**", why),
        ("Recovery of a worker's share", f"{one.recovery_s * share / one.recovered:.1f} s", read),
        ("Learner", f"{rate * LEARNER_US / 1e6:.0%} of one core", f"{LEARNER_US:g} µs a signal; it cannot be divided"),
    ]


def of_brokers(one: Measured, wanted: Plan) -> list[Row]:
    rate, _, states, _, partitions = wanted
    every = sum(topic.partitions for topic in Topics("", partitions).all())
    kept = sum(size * days for size, days in one.kept_days()) * rate * DAY_S * REPLICATION / TB
    written = f"({one.inputs:.0f} + {one.outputs:.0f}) B × {rate:,.0f}"
    return [
        (
            "Written to Kafka",
            f"**{(one.inputs + one.outputs) * rate / MB:,.0f} MB/s**",
            f"{written}; each replica again",
        ),
        (
            "Kept by Kafka",
            f"{kept:,.1f} TB",
            f"day and night at this rate: signals 30 days, all else 7, × {REPLICATION}",
        ),
        ("Changelog, compacted", f"{one.changelog * states / GB:.1f} GB", f"{one.changelog:.0f} B × {states:,.0f}"),
        ("Partitions on the cluster", f"{every * REPLICATION:,}", f"{every:,} of all topics × {REPLICATION} replicas"),
    ]


def of_clickhouse(one: Measured, wanted: Plan) -> list[Row]:
    rows, size = one.rows * wanted.rate, one.row_bytes * wanted.rate * DAY_S / GB
    sinks = ceil(rows / (LOAD * one.insert_per_s))
    why = f"{one.rows:.2f} × {wanted.rate:,.0f}; one does {one.insert_per_s:,.0f}/s"
    disk = f"{one.row_bytes:.0f} B × {wanted.rate:,.0f} × {DAY_S:,}; rows are kept for 400 days"
    return [
        ("Rows into ClickHouse", f"**{rows:,.0f}/s**, {sinks} sink{'s' * (sinks > 1)}", why),
        ("ClickHouse's disk", f"{size:,.0f} GB a day", disk),
    ]


def table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def filled(text: str, mark: str, told: str) -> str:
    """A document with what stands between its marks replaced."""
    pattern = re.compile(rf"(<!-- {mark}: begin -->\n).*?(<!-- {mark}: end -->)", re.DOTALL)
    found, count = pattern.subn(lambda one: f"{one[1]}{told}\n{one[2]}", text)
    assert count == 1, f"the document has no place for {mark}"
    return found


def documents(docs: Path = DOCS) -> dict[Path, str]:
    """Every document that holds such a table, as it should be."""
    found = load(docs / "benchmarks")
    operations, million = docs / "operations.md", docs / "a-million-conversations.md"
    return {
        operations: filled(operations.read_text(encoding="utf-8"), "capacity", capacity(found)),
        million: filled(million.read_text(encoding="utf-8"), "arithmetic", arithmetic(found)),
    }


if __name__ == "__main__":
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")
