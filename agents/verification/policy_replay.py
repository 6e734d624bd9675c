"""Learns every policy snapshot again, from the records before its positions, for ``tenor verify``."""

from collections.abc import Iterator

from agents.kafka import topic_reader
from agents.learning.policies import read_usable
from agents.learning.policy_learner import INPUTS, decode_input
from agents.learning.tenant_policy_learner import DecodedRecord, TenantPolicyLearner
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import Datum
from streams.policy.snapshot import Snapshot


def read_snapshots(settings: Settings, codec: Codec) -> list[tuple[str, Snapshot]]:
    """Version and snapshot of every usable snapshot, in the order of the log, without duplicates."""
    snapshots: dict[str, Snapshot] = {}
    for version, snapshot, _ in read_usable(settings, codec):
        snapshots.setdefault(version, snapshot)
    return list(snapshots.items())


def relearn_snapshots(
    settings: Settings, codec: Codec, published: list[tuple[str, Snapshot]]
) -> Iterator[tuple[str, Snapshot, Snapshot, Datum | None]]:
    """For each snapshot: its version, the snapshot before it, itself, and the record learned again from its inputs."""
    learners = {
        snapshot.tenant: TenantPolicyLearner(settings.config, Snapshot(snapshot.tenant)) for _, snapshot in published
    }
    for decoded in read_inputs(settings, codec) if published else ():
        if decoded.datum["tenant"] in learners:
            learners[decoded.datum["tenant"]].add(decoded)
    for version, snapshot in published:
        tenant_learner = learners[snapshot.tenant]
        before = tenant_learner.snapshot
        yield version, before, snapshot, tenant_learner.learn(snapshot.positions).record
        tenant_learner.snapshot = snapshot  # the next snapshot was learned from the published one


def read_inputs(settings: Settings, codec: Codec) -> Iterator[DecodedRecord]:
    """The records that the learner learned from."""
    names = {settings.topics.name(name): name for name in INPUTS}
    for consumed in topic_reader.read(settings, list(names)):
        name = names[consumed.topic]
        try:
            datum = decode_input(name, consumed, codec, settings)
        except Rejected:
            continue
        if datum is not None:
            yield DecodedRecord(name, consumed, datum)
