"""Policies by version, from tenor.policy. An unusable snapshot is logged, and the last usable one stays in use."""

from collections.abc import Iterator

import structlog

from agents.common import metrics
from agents.kafka import topic_reader
from agents.kafka.consumed_record import ConsumedRecord
from agents.learning.versioned_topic import VersionedTopic
from agents.settings.model import Settings
from schemas.codec import Codec
from schemas.errors import Rejected
from schemas.records import record
from schemas.topics import Name
from streams.policy.policy import Policy
from streams.policy.snapshot import Snapshot, SnapshotError, from_record

log = structlog.get_logger(__name__)

SNAPSHOT = record("policy_snapshot")
CACHE_SIZE = 1024  # one per tenant, some 15 kB each: others are read again, and the fold waits for them


class PolicyStore(VersionedTopic[Policy | None]):
    """Looks up policies; None for a snapshot that is broken or from a later version of Tenor."""

    def __init__(self, settings: Settings, codec: Codec) -> None:
        self._codec = codec
        super().__init__(settings, settings.topics.name(Name.POLICY), self._load_policy, "policy", CACHE_SIZE)

    def _load_policy(self, record: ConsumedRecord, version: str) -> Policy | None:
        try:
            return Policy(decode_snapshot(record, self._codec, version), version)
        except (Rejected, SnapshotError) as error:
            metrics.SNAPSHOTS_REFUSED.inc()
            position = {"topic": record.topic, "offset": record.offset, "version": version}
            log.error("policy snapshot cannot be used; the last good one stays in force", why=str(error), **position)
            return None


def decode_snapshot(record: ConsumedRecord, codec: Codec, version: str) -> Snapshot:
    """The snapshot in a record. ``Rejected`` or ``SnapshotError`` if it is invalid or has another version."""
    datum = codec.decode(SNAPSHOT, record.value, {})
    if datum["policy_version"] != version:
        raise SnapshotError(f"it holds {datum['policy_version']}")
    return from_record(datum)


def read_usable(settings: Settings, codec: Codec) -> Iterator[tuple[str, Snapshot, ConsumedRecord]]:
    """Version, snapshot and record of every usable snapshot, in the order of the log; others are logged."""
    for consumed in topic_reader.read(settings, [settings.topics.name(Name.POLICY)]):
        version = (consumed.key or b"").decode(errors="replace")
        if consumed.value is None:
            continue  # retired: no signal in the log refers to it any more
        try:
            yield version, decode_snapshot(consumed, codec, version), consumed
        except (Rejected, SnapshotError) as error:
            log.warning("policy snapshot cannot be used", version=version, offset=consumed.offset, why=str(error))
