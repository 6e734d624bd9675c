"""The policy learner: decisions, outcomes, ratings and commands into policy snapshots. Part of the learner process.

Each batch: publish refused outcomes to their dead letter queue, the snapshot to tenor.policy, its announcement to every
partition of tenor.signals, alerts; each step is acknowledged before the next. A snapshot holds the positions it was
learned up to, so a restart goes on exactly there. The newest snapshot is announced again at every start, which changes
nothing where it is in use. The signals log says from when a snapshot applies.
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
from agents.learning.model_publisher import publish_to_every_partition
from agents.learning.policies import read_usable
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
RETENTION_MS = 31 * 86_400_000  # a day longer than tenor.signals, which refers to them


class LatestSnapshot(NamedTuple):
    """A tenant's newest snapshot.

    Attributes:
        version: its version.
        offset: its offset in tenor.policy.
        disabled_before: options that the snapshot before it had disabled.
        cuts: publication time and positions of the snapshots, up to this one, whose inputs are read again.
    """

    snapshot: Snapshot
    version: str
    offset: int
    disabled_before: frozenset[str]
    cuts: deque[tuple[int, Mapping[Position, int]]]


class PolicyLearner:
    """Learns the policies of all tenants.

    Args:
        settings: the deployment's settings.
    """

    def __init__(self, settings: Settings, codec: Codec) -> None:
        self._settings, self._codec, self._config = settings, codec, settings.config
        self._producer = Producer(settings)
        self._names = {settings.topics.name(name): name for name in INPUTS}
        self._versions: dict[str, deque[tuple[int, str]]] = {}
        self._tenants: dict[str, TenantPolicyLearner] = {}
        newest = self._read_newest()
        self._inputs = PartitionReader(settings, list(self._names), self._start_ms())
        self._restore(newest)

    def step(self) -> None:
        """Read new records; learn the tenants that are due."""
        for decoded in self._read(self._inputs.take()):
            self._add(decoded)
        due_tenants = [tenant for tenant, tenant_learner in sorted(self._tenants.items()) if tenant_learner.due]
        if due_tenants:
            positions = self._read_cut()
            for tenant in due_tenants:
                self._learn(self._tenants[tenant], positions)

    def close(self) -> None:
        self._inputs.close()

    @property
    def _lookback_ms(self) -> int:
        """How long before a snapshot a decision may have been made that is still open or may still be rated, ms.

        A rating may arrive as late after its event time as a conversation takes to close; hence twice.
        """
        config = self._config
        back = config.policy.remembered_s + 2 * (config.outcome.idle_s + config.outcome.window_s)
        return round((back + config.policy.snapshot_s) * 1000)

    def _start_ms(self) -> int:
        """Where reading begins: the lookback before the last snapshot; the start of the log without a snapshot.

        Counted from the snapshot, not from now: after a day without a learner there is a day to learn.
        """
        last = max((at for versions in self._versions.values() for at, _ in versions), default=0)
        return max(0, min(last, now_ms()) - self._lookback_ms)

    def _restore(self, newest: Mapping[str, LatestSnapshot]) -> None:
        """Go on from the newest snapshots: restore the inputs they were learned from, announce them again."""
        self._tenants = {
            tenant: TenantPolicyLearner(self._config, latest.snapshot) for tenant, latest in newest.items()
        }
        for decoded in self._read(self._inputs.take_until(self._inputs.ends(*self._names))):
            self._add(decoded)
        for tenant, latest in newest.items():
            self._tenants[tenant].restore(positions for _, positions in latest.cuts)
            self._announce(tenant, latest.version, latest.offset)
            self._alert(latest.snapshot, latest.disabled_before)
            metrics.ROLLED_BACK.labels(tenant).set(len(latest.snapshot.disabled))

    def _read_newest(self) -> dict[str, LatestSnapshot]:
        """The last usable snapshot of every tenant."""
        newest: dict[str, LatestSnapshot] = {}
        for version, snapshot, consumed in read_usable(self._settings, self._codec):
            last = newest.get(snapshot.tenant)
            disabled, cuts = (last.snapshot.disabled, last.cuts) if last else (frozenset[str](), deque())
            cuts.append((consumed.timestamp, snapshot.positions))
            while cuts[0][0] < consumed.timestamp - self._lookback_ms:
                cuts.popleft()
            newest[snapshot.tenant] = LatestSnapshot(snapshot, version, consumed.offset, disabled, cuts)
            self._versions.setdefault(snapshot.tenant, deque()).append((consumed.timestamp, version))
        return newest

    def _add(self, decoded: DecodedRecord) -> None:
        tenant = decoded.datum["tenant"]
        if tenant not in self._tenants:
            self._tenants[tenant] = TenantPolicyLearner(self._config, Snapshot(tenant))
        self._tenants[tenant].add(decoded)

    def _read(self, records: Iterable[ConsumedRecord]) -> Iterator[DecodedRecord]:
        """Decode the records to learn from. The alert agent and the sink refuse the others."""
        for consumed in records:
            name = self._names[consumed.topic]
            try:
                datum = decode_input(name, consumed, self._codec, self._settings)
            except Rejected:
                metrics.LESSONS.labels("refused").inc()
                continue
            if datum is not None:
                yield DecodedRecord(name, consumed, datum)

    def _read_cut(self) -> dict[Position, int]:
        """End positions of a batch: the records read so far, and decisions up to their present end.

        A decision is published before its outcome, so the batch contains the decision of every outcome.
        """
        read_to = dict(self._inputs.read_to)
        decisions = self._settings.topics.name(Name.DECISIONS)
        for decoded in self._read(self._inputs.take_until(self._inputs.ends(decisions))):
            self._add(decoded)
        ends = self._inputs.read_to.items()
        return read_to | {position: end for position, end in ends if position[0] == decisions}

    def _learn(self, tenant_learner: TenantPolicyLearner, positions: Mapping[Position, int]) -> None:
        before = tenant_learner.snapshot.disabled
        learned = tenant_learner.learn(positions)
        self._producer.send([build_dead_letter(read.decoded.consumed, read.why, "learner") for read in learned.refused])
        count_lessons(learned.joined)
        if learned.record is not None:
            self._publish(learned.record)
            self._alert(tenant_learner.snapshot, before)

    def _publish(self, datum: Datum) -> None:
        tenant, version = datum["tenant"], datum["policy_version"]
        outgoing = build_record(
            Output("policy_snapshot", version, datum), self._codec, self._settings.topics, LEARNER_SOURCE
        )
        offset = self._producer.send([outgoing])[outgoing.topic, outgoing.key]
        self._announce(tenant, version, offset)
        self._versions.setdefault(tenant, deque()).append((now_ms(), version))
        self._retire(tenant)
        metrics.SNAPSHOTS.labels(tenant).inc()
        metrics.ROLLED_BACK.labels(tenant).set(len(datum["disabled"]))
        log.info(
            "policy snapshot", tenant=tenant, version=version, matured=datum["matured"], disabled=datum["disabled"]
        )

    def _announce(self, tenant: str, version: str, offset: int) -> None:
        signal = extraction.policy_signal(tenant, version, offset, now_ms())
        publish_to_every_partition(self._settings, self._codec, self._producer, signal)

    def _retire(self, tenant: str) -> None:
        """Remove versions that no signal in the log can refer to any more, never the newest."""
        versions, horizon = self._versions[tenant], now_ms() - RETENTION_MS
        retired = []
        while len(versions) > 1 and versions[0][0] < horizon:
            retired.append(versions.popleft()[1])
        topic = self._settings.topics.name(Name.POLICY)
        self._producer.send([OutgoingRecord(topic, version.encode(), None) for version in retired])

    def _alert(self, snapshot: Snapshot, before: frozenset[str]) -> None:
        """Publish alerts about rolled back options and drift."""
        for output in rules.alerts_for_snapshot(snapshot, before, self._config):
            self._send(output)

    def _send(self, output: Output) -> None:
        self._producer.send([build_record(output, self._codec, self._settings.topics, LEARNER_SOURCE)])


def decode_input(name: Name, consumed: ConsumedRecord, codec: Codec, settings: Settings) -> Datum | None:
    """The decoded record; None for a rating of no decision. ``Rejected`` where it is invalid."""
    if name is not Name.RATINGS:
        return decode(codec, record(RECORD_OF[name]), consumed)
    rating = decode_checked(codec, "rating", consumed, settings.limits, now_ms())
    score = learner.rating_score(rating)
    return None if rating["decision_id"] is None or score is None else {**rating, "score": score}


def count_lessons(joined: JoinedBatch) -> None:
    learned = sum(learner.is_learnable(example) for example, _ in joined.examples)
    for kind, number in (
        ("learned", learned),
        ("censored", len(joined.examples) - learned),
        ("unknown", len(joined.unknown)),
        ("late_rating", len(joined.late)),
        ("given_up", joined.given_up),
    ):
        metrics.LESSONS.labels(kind).inc(number)
