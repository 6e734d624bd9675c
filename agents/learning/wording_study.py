"""The study of wording: trajectory points into what the wording of answers goes with. A part of the learner's process.

Everything a study knows stands in its tenant's last record of tenor.wording: the sums, and the positions they were
learned from. So a restart goes on from there, nothing counts twice and nothing is left out. What a dead process had
read and not published is read again.

What remains: a point a worker published twice counts twice if this process restarted in between; a conversation that
a restart cuts in two counts as two clusters; and how rows fall into batches moves the intervals a little, the effects
not at all.
"""

import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import structlog
from confluent_kafka import Consumer, TopicPartition

from agents.common import metrics
from agents.kafka import client, topic_reader
from agents.kafka.consumed_record import ConsumedRecord, from_message
from agents.kafka.producer import Producer
from agents.kafka.record_builder import build_record, headers_of
from agents.learning.wording_record import datum, restored
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Name
from streams import ids
from streams.experiment import wording_effects
from streams.experiment.wording_effects import Row, Study
from streams.outputs import Output

log = structlog.get_logger(__name__)

POINT, EFFECTS = record("trajectory_point"), record("wording_effects")
CHUNK = 1000

Positions = dict[client.Position, int]


class WordingLearner:
    """Studies the wording of every tenant. For the only learner of a deployment; ``close`` it."""

    def __init__(self, settings: Settings, codec: Codec) -> None:
        self._settings, self._codec = settings, codec
        self._studies: dict[str, Study] = {}
        self._learned_to: dict[str, Positions] = {}
        self._latest: dict[str, int] = {}
        self._pending: dict[str, list[Row]] = defaultdict(list)
        self._since = 0.0
        self._producer = Producer(settings)
        self._restore()
        self._read_to = self._beginning()
        self._told = dict(self._read_to)  # what the records say was learned from, at least
        self._consumer = Consumer(client.idle_consumer_config(settings, f"{settings.topics.learner_group}-wording"))
        self._consumer.assign([TopicPartition(*position, offset) for position, offset in self._read_to.items()])

    def step(self, wait_s: float = 0.0) -> None:
        """Read what has come, learn and publish when it is time."""
        for message in self._consumer.consume(CHUNK, wait_s):
            self._take(from_message(message))
        if self._is_due():
            self._publish()

    def close(self) -> None:
        """Stop reading. What is not published will be read again."""
        self._consumer.close()

    def _restore(self) -> None:
        """Take up every tenant's study where its last record left it."""
        for one in topic_reader.read(self._settings, [self._settings.topics.name(Name.WORDING)]):
            found = self._decoded(one)
            tenant = (one.key or b"").decode(errors="replace") if found is None else found["tenant"]
            sums = None if found is None else restored(found)
            self._learned_to[tenant] = {}  # from the beginning
            self._studies.pop(tenant, None)
            if found is None or sums is None:
                log.warning("a study of wording cannot be gone on with: it begins anew", tenant=tenant)
                continue
            self._studies[tenant], self._latest[tenant] = Study(sums), found["event_time"]
            self._learned_to[tenant] = {(p["topic"], p["partition"]): p["offset"] for p in found["positions"]}

    def _decoded(self, one: ConsumedRecord) -> dict[str, Any] | None:
        try:
            return self._codec.decode(EFFECTS, one.value, headers_of(one))
        except Rejected:
            return None

    def _beginning(self) -> Positions:
        """Where to read on: the first position that any tenant's study has not learned from."""
        topic = self._settings.topics.name(Name.TRAJECTORIES)
        ends = client.end_offsets(self._settings, client.partitions_of(self._settings, [topic]))
        for tenant, positions in self._learned_to.items():  # beyond the end: the topic was made anew
            self._learned_to[tenant] = {p: offset for p, offset in positions.items() if offset <= ends.get(p, 0)}
        known = list(self._learned_to.values())
        return {position: min((one.get(position, 0) for one in known), default=0) for position in ends}

    def _take(self, one: ConsumedRecord) -> None:
        position = one.topic, one.partition
        self._read_to[position] = one.offset + 1
        try:
            point = self._codec.decode(POINT, one.value, headers_of(one))
        except Rejected:  # the sink's to refuse
            metrics.WORDING_POINTS.labels("refused").inc()
            return
        tenant, found = point["tenant"], wording_effects.row(point)
        if found is None or one.offset < self._learned_to.get(tenant, {}).get(position, 0):
            metrics.WORDING_POINTS.labels("silent" if found is None else "known").inc()
            return
        self._since = self._since if self._waiting else time.monotonic()
        self._pending[tenant].append(found)

    @property
    def _waiting(self) -> int:
        return sum(map(len, self._pending.values()))

    def _is_due(self) -> bool:
        learner, waiting = self._settings.learner, self._waiting
        return waiting >= learner.wording_turns or (waiting > 0 and time.monotonic() - self._since >= learner.wording_s)

    def _publish(self) -> None:
        """Learn from what has come, and publish every study with how far it was read.

        All of them, so that none falls behind. A tenant's first record says that nothing was learned yet: should this
        process die before the second, its rows are not passed by.
        """
        new = [tenant for tenant in self._pending if tenant not in self._studies]
        for tenant in new:
            self._studies[tenant], self._latest[tenant] = Study(), self._pending[tenant][0].event_time
        self._send(new, self._told)
        for tenant, rows in self._pending.items():
            learned = self._studies[tenant].learn(rows)
            self._latest[tenant] = max(self._latest[tenant], *(one.event_time for one in rows))
            metrics.WORDING_POINTS.labels("learned").inc(learned)
            metrics.WORDING_POINTS.labels("repeated").inc(len(rows) - learned)
        self._pending.clear()
        self._send(self._studies, self._read_to)
        self._told = dict(self._read_to)

    def _send(self, tenants: Iterable[str], positions: Positions) -> None:
        version = self._settings.config.version
        data = [
            datum(tenant, self._studies[tenant].sums, self._latest[tenant], positions, version) for tenant in tenants
        ]
        topics = self._settings.topics
        outputs = [
            Output("wording_effects", ids.stable_id("wording", one["tenant"], one["turns"]), one) for one in data
        ]
        self._producer.send([build_record(output, self._codec, topics) for output in outputs])
