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


def snapshots(settings: Settings, codec: Codec) -> list[tuple[str, Snapshot]]:
    """Every snapshot that can be used, in the order of the log, with its version; repeats left out."""
    found: dict[str, Snapshot] = {}
    for version, one, _ in read_usable(settings, codec):
        found.setdefault(version, one)
    return list(found.items())


def learned_again(
    settings: Settings, codec: Codec, published: list[tuple[str, Snapshot]]
) -> Iterator[tuple[str, Snapshot, Snapshot, Datum | None]]:
    """Of each snapshot: its version, the one before it, itself, and the record that follows from its inputs."""
    learners = {one.tenant: TenantPolicyLearner(settings.config, Snapshot(one.tenant)) for _, one in published}
    for read in inputs(settings, codec) if published else ():
        if read.datum["tenant"] in learners:
            learners[read.datum["tenant"]].add(read)
    for version, one in published:
        apprentice = learners[one.tenant]
        before = apprentice.snapshot
        yield version, before, one, apprentice.learn(one.positions).record
        apprentice.snapshot = one  # the next is judged by what it was learned on from


def inputs(settings: Settings, codec: Codec) -> Iterator[DecodedRecord]:
    """What the learner learned from."""
    names = {settings.topics.name(name): name for name in INPUTS}
    for received in topic_reader.read(settings, list(names)):
        name = names[received.topic]
        try:
            datum = decode_input(name, received, codec, settings)
        except Rejected:
            continue
        if datum is not None:
            yield DecodedRecord(name, received, datum)
