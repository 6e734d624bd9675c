"""The warehouse the documents and their tests ask: a recorded fortnight of simulated support, replayed in memory.

What is simulated shows how the questions are answered, not what their answers are anywhere else; and the customers of
a recording cannot react, so every effect must be about zero.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from clickhouse_driver import Client

from agents.docgen.offline_pipeline import Records, insert, replayed, store
from agents.kafka.async_producer import AsyncProducer, OutgoingRecord
from agents.kafka.consumed_record import ConsumedRecord
from agents.recordings import file
from agents.settings.model import Settings
from agents.simulator.weeks import simulate_weeks
from agents.sink.dead_letter_table import DEAD_LETTERS
from agents.worker.batch_transport import RecordBatch
from agents.worker.ingest_agent import IngestAgent
from schemas.codec import Codec
from schemas.records import Datum
from schemas.topics import TOPIC_OF, Name
from streams.config.model import WorkloadConfig
from streams.workload.aggregate import WorkloadAggregate

SEED, CUSTOMERS, VISITS = 7, 130, 4
CREWS = {"berlin": 9, "lisbon": 8, "night": 3}  # operators of each team
DAY_S = 86_400.0  # a recorded hour has too few conversations for a figure
WORKLOAD = WorkloadConfig(enabled=True, period_s=DAY_S, shift_s=DAY_S)
AT_MS = 1_772_460_000_000  # an afternoon of the first day
JSON = (("content-type", b"application/json"),)
BROKEN = {
    Name.MESSAGES: (
        b"{",
        b'{"conversation_id": "c1", "event_time": "yesterday"}',
        b'{"event_id": "m1", "conversation_id": "c1", "event_time": 1772460000000, "participant_role": "cat"}',
        b'{"event_id": "m2", "conversation_id": "c1", "event_time": 32503680000000, "channel": "chat", '
        b'"participant_role": "customer", "text": "hello"}',
    ),
    Name.KEYSTROKES: (b'{"event_id": "k1", "typed": "a secret"}',),
}


def records(path: Path) -> Records:
    """Everything a deployment keeps of the recording, which is written to ``path`` and read again."""
    file.write(path, simulate_weeks(SEED, CUSTOMERS, VISITS), SEED)
    found = dict(replayed(file.read(path), Settings(_env_file=None).config))  # type: ignore[call-arg]
    for name, data in exposed(found[Name.TRAJECTORIES]).items():
        found[name] = [*found.get(name, []), *data]
    return found


def exposed(points: Sequence[Datum]) -> dict[Name, list[Datum]]:
    """Workload of the teams, and the alerts of it, had the conversations been handed out by turns."""
    workload, found = WorkloadAggregate(WORKLOAD), dict[Name, list[Datum]]()
    for point in points:
        workload.add_point(point)
    for event in rota(points):
        workload.add_assignment(event)
    for output in workload.close_periods(max(point["event_time"] for point in points)):
        found.setdefault(TOPIC_OF[output.record], []).append(output.datum)
    return found


def rota(points: Iterable[Datum]) -> Iterator[Datum]:
    """Who had each conversation from its first turn on."""
    crew = [(team, number) for team, size in CREWS.items() for number in range(size)]
    first = [point for point in points if point["turn"] == 1]
    for place, point in enumerate(sorted(first, key=lambda one: (one["event_time"], one["conversation_id"]))):
        team, number = crew[place % len(crew)]
        yield {
            "event_id": f"given-{place}",
            "conversation_id": point["conversation_id"],
            "event_time": point["event_time"],
            "tenant": point["tenant"],
            "operator_id": f"{team}-{number}",
            "team": team,
            "shown_to": None,
        }


def fill(client: Client, records: Records) -> None:
    """Store the records, and dead letters of a few broken events."""
    store(client, records)
    insert(client, DEAD_LETTERS, [letter for name, values in BROKEN.items() for letter in dead_letters(name, values)])


def dead_letters(name: Name, values: Iterable[bytes]) -> list[ConsumedRecord]:
    """The dead letters that ingest makes of invalid events."""
    own, producer = Settings(_env_file=None), RecordingProducer()  # type: ignore[call-arg]
    ingest = IngestAgent(name, own.topics, Codec(), own.limits, cast(AsyncProducer, producer), lambda: AT_MS)
    messages: list[Any] = [ConsumedRecord(str(name), 0, n, b"c1", value, JSON, AT_MS) for n, value in enumerate(values)]
    batch = RecordBatch(str(name), 0, messages)
    asyncio.run(ingest.process(batch))
    return [
        ConsumedRecord(letter.topic, 0, n, letter.key, letter.value, tuple(letter.headers or ()), AT_MS)
        for n, letter in enumerate(producer.sent)
        if letter.topic == own.topics.dead_letters(name)
    ]


class RecordingProducer:
    """An outbox that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[OutgoingRecord] = []

    async def send(self, records: Iterable[OutgoingRecord]) -> None:
        self.sent += records
