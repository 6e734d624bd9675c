"""The warehouse the documents and their tests ask: a recorded fortnight of simulated support, replayed in memory.

What is simulated shows how the questions are answered, not what their answers are anywhere else; and the customers of
a recording cannot react, so every effect must be about zero.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from clickhouse_driver import Client

from agents import recording
from agents.dead_letters import DEAD_LETTERS
from agents.in_memory import Records, insert, replayed, store
from agents.ingest import Ingest
from agents.outbox import Outbox, Outgoing
from agents.received import Received
from agents.settings import Settings
from agents.simulator.weeks import simulate_weeks
from agents.transport import Run
from schemas.codec import Codec
from schemas.topics import Name

SEED, CUSTOMERS, VISITS = 7, 130, 4
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
    recording.write(path, simulate_weeks(SEED, CUSTOMERS, VISITS), SEED)
    return replayed(recording.read(path), Settings(_env_file=None).config)  # type: ignore[call-arg]


def fill(client: Client, found: Records) -> None:
    """Store the records, and dead letters of a few broken events."""
    store(client, found)
    insert(client, DEAD_LETTERS, [one for name, values in BROKEN.items() for one in dead_letters(name, values)])


def dead_letters(name: Name, values: Iterable[bytes]) -> list[Received]:
    """What ingest makes of events that cannot be accepted."""
    own, kept = Settings(_env_file=None), Kept()  # type: ignore[call-arg]
    ingest = Ingest(name, own.topics, Codec(), own.limits, cast(Outbox, kept), lambda: AT_MS)
    messages: list[Any] = [Received(str(name), 0, n, b"c1", one, JSON, AT_MS) for n, one in enumerate(values)]
    run = Run(str(name), 0, messages)
    asyncio.run(ingest.step(run))
    return [
        Received(one.topic, 0, n, one.key, one.value, tuple(one.headers or ()), AT_MS)
        for n, one in enumerate(kept.sent)
        if one.topic == own.topics.dead_letters(name)
    ]


class Kept:
    """An outbox that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    async def send(self, records: Iterable[Outgoing]) -> None:
        self.sent += records
