"""The policy's learner: decisions, outcomes, ratings and commands into snapshots. Part of the one learner process.

Of a batch: refused outcomes to their dead letter queue, the snapshot to tenor.policy, its announcement to every
partition of tenor.signals, alerts; each acknowledged before the next. A snapshot names the positions it was read to, so
a restart goes on exactly there; the newest one is announced again at every start, which changes nothing where it is in
use. The moment from which a snapshot counts stands in the signals log.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import structlog

from agents.common import metrics
from agents.common.clock import now_ms
from agents.kafka.async_producer import OutgoingRecord
from agents.kafka.consumed_record import ConsumedRecord
from agents.kafka.partition_reader import PartitionReader
from agents.kafka.producer import Producer
from agents.kafka.record_builder import LEARNER_SOURCE, build_dead_letter, build_record
from agents.kafka.record_reader import decode, decode_checked
from agents.learning.model_publisher import to_every_partition
from agents.learning.policies import usable
from agents.learning.tenant_policy_learner import DecodedRecord, TenantPolicyLearner
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import Datum, record
from schemas.topics import RECORD_OF, Name
from streams.alerts import rules
from streams.outputs import Output
from streams.policy import learner
from streams.policy.outcome_join import JoinedBatch
from streams.policy.snapshot import Position, Snapshot
from streams.signals import extraction

log = structlog.get_logger(__name__)

INPUTS = (Name.DECISIONS, Name.OUTCOMES, Name.RATINGS, Name.COMMANDS)
KEPT_MS = 31 * 86_400_000  # a day longer than tenor.signals, which names them


class LatestSnapshot(NamedTuple):
    """A tenant's newest snapshot.

    Attributes:
        version: of it.
        offset: where it stands.
        disabled_before: what the one before it had disabled.
        cuts: positions of those of which something is read again, and when they were published; itself included.
    """

    snapshot: Snapshot
    version: str
    offset: int
    disabled_before: frozenset[str]
    cuts: deque[tuple[int, Mapping[Position, int]]]


class PolicyLearner:
    """Learns the policies of all tenants.

    Args:
        settings: of this deployment.
    """

    def __init__(self, settings: Settings, codec: Codec) -> None:
        self._settings, self._codec, self._config = settings, codec, settings.config
        self._producer = Producer(settings)
        self._names = {settings.topics.name(name): name for name in INPUTS}
        self._versions: dict[str, deque[tuple[int, str]]] = {}
        self._apprentices: dict[str, TenantPolicyLearner] = {}
        newest = self._newest()
        self._inputs = PartitionReader(settings, list(self._names), self._since_ms())
        self._begin(newest)

    def step(self) -> None:
        """Read what came; learn what is due."""
        for read in self._read(self._inputs.take()):
            self._hear(read)
        due = [tenant for tenant, one in sorted(self._apprentices.items()) if one.due]
        if due:
            positions = self._cut()
            for tenant in due:
                self._teach(self._apprentices[tenant], positions)

    def close(self) -> None:
        self._inputs.close()

    @property
    def _back_ms(self) -> int:
        """How long before a snapshot a decision may have come that is still open, or may still be rated.

        A rating that is in time by its own time has as long to come as a conversation has to close, twice.
        """
        config = self._config
        back = config.policy.remembered_s + 2 * (config.outcome.idle_s + config.outcome.window_s)
        return round((back + config.policy.snapshot_s) * 1000)

    def _since_ms(self) -> int:
        """Where reading begins: so far before the last snapshot.

        From that snapshot and not from now: who was away for a day has a day to learn. Without one, all there is.
        """
        last = max((at for versions in self._versions.values() for at, _ in versions), default=0)
        return max(0, min(last, now_ms()) - self._back_ms)

    def _begin(self, newest: Mapping[str, LatestSnapshot]) -> None:
        """Go on from the newest snapshots: recall what they were learned from, announce them again."""
        self._apprentices = {tenant: TenantPolicyLearner(self._config, one.snapshot) for tenant, one in newest.items()}
        for read in self._read(self._inputs.take_until(self._inputs.ends(*self._names))):
            self._hear(read)
        for tenant, one in newest.items():
            self._apprentices[tenant].recall(positions for _, positions in one.cuts)
            self._announce(tenant, one.version, one.offset)
            self._alert(one.snapshot, one.disabled_before)
            metrics.ROLLED_BACK.labels(tenant).set(len(one.snapshot.disabled))

    def _newest(self) -> dict[str, LatestSnapshot]:
        """The last snapshot of every tenant that can be used."""
        found: dict[str, LatestSnapshot] = {}
        for version, one, received in usable(self._settings, self._codec):
            last = found.get(one.tenant)
            disabled, cuts = (last.snapshot.disabled, last.cuts) if last else (frozenset[str](), deque())
            cuts.append((received.timestamp, one.positions))
            while cuts[0][0] < received.timestamp - self._back_ms:
                cuts.popleft()
            found[one.tenant] = LatestSnapshot(one, version, received.offset, disabled, cuts)
            self._versions.setdefault(one.tenant, deque()).append((received.timestamp, version))
        return found

    def _hear(self, read: DecodedRecord) -> None:
        tenant = read.datum["tenant"]
        if tenant not in self._apprentices:
            self._apprentices[tenant] = TenantPolicyLearner(self._config, Snapshot(tenant))
        self._apprentices[tenant].hear(read)

    def _read(self, found: Iterable[ConsumedRecord]) -> Iterator[DecodedRecord]:
        """What can be learned from. The rest is others' to refuse: the alerts agent's, and the sink's."""
        for received in found:
            name = self._names[received.topic]
            try:
                datum = decoded(name, received, self._codec, self._settings)
            except Rejected:
                metrics.LESSONS.labels("refused").inc()
                continue
            if datum is not None:
                yield DecodedRecord(name, received, datum)

    def _cut(self) -> dict[Position, int]:
        """Positions a batch ends at: what was read so far, and the decisions up to their present end.

        An outcome's decision was published before it, so it is among them.
        """
        read_to = dict(self._inputs.read_to)
        decisions = self._settings.topics.name(Name.DECISIONS)
        for read in self._read(self._inputs.take_until(self._inputs.ends(decisions))):
            self._hear(read)
        return read_to | {position: to for position, to in self._inputs.read_to.items() if position[0] == decisions}

    def _teach(self, apprentice: TenantPolicyLearner, positions: Mapping[Position, int]) -> None:
        before = apprentice.snapshot.disabled
        taught = apprentice.learn(positions)
        self._producer.send([build_dead_letter(one.read.received, one.why, "learner") for one in taught.refused])
        count(taught.news)
        if taught.record is not None:
            self._publish(taught.record)
            self._alert(apprentice.snapshot, before)

    def _publish(self, found: Datum) -> None:
        tenant, version = found["tenant"], found["policy_version"]
        outgoing = build_record(
            Output("policy_snapshot", version, found), self._codec, self._settings.topics, LEARNER_SOURCE
        )
        offset = self._producer.send([outgoing])[outgoing.topic, outgoing.key]
        self._announce(tenant, version, offset)
        self._versions.setdefault(tenant, deque()).append((now_ms(), version))
        self._retire(tenant)
        metrics.SNAPSHOTS.labels(tenant).inc()
        metrics.ROLLED_BACK.labels(tenant).set(len(found["disabled"]))
        log.info(
            "policy snapshot", tenant=tenant, version=version, matured=found["matured"], disabled=found["disabled"]
        )

    def _announce(self, tenant: str, version: str, offset: int) -> None:
        signal = extraction.policy_signal(tenant, version, offset, now_ms())
        to_every_partition(self._settings, self._codec, self._producer, signal)

    def _retire(self, tenant: str) -> None:
        """Remove versions that nothing can name any more, never the newest."""
        versions, horizon = self._versions[tenant], now_ms() - KEPT_MS
        gone = []
        while len(versions) > 1 and versions[0][0] < horizon:
            gone.append(versions.popleft()[1])
        topic = self._settings.topics.name(Name.POLICY)
        self._producer.send([OutgoingRecord(topic, version.encode(), None) for version in gone])

    def _alert(self, found: Snapshot, before: frozenset[str]) -> None:
        """Tell of what a snapshot has rolled back, and of drift."""
        for output in rules.alerts_for_snapshot(found, before, self._config):
            self._send(output)

    def _send(self, output: Output) -> None:
        self._producer.send([build_record(output, self._codec, self._settings.topics, LEARNER_SOURCE)])


def decoded(name: Name, received: ConsumedRecord, codec: Codec, settings: Settings) -> Datum | None:
    """The record; None for a rating that says nothing of a decision. ``Rejected`` where it cannot be read."""
    if name is not Name.RATINGS:
        return decode(codec, record(RECORD_OF[name]), received)
    rating = decode_checked(codec, "rating", received, settings.limits, now_ms())
    score = learner.rating_score(rating)
    return None if rating["decision_id"] is None or score is None else {**rating, "score": score}


def count(news: JoinedBatch) -> None:
    learned = sum(learner.is_learnable(one) for one, _ in news.examples)
    for what, number in (
        ("learned", learned),
        ("censored", len(news.examples) - learned),
        ("unknown", len(news.unknown)),
        ("late_rating", len(news.late)),
        ("given_up", news.given_up),
    ):
        metrics.LESSONS.labels(what).inc(number)
