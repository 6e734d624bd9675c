"""Policies by version, as tenor.policy holds them. One that cannot be used is named, and the last good one stays."""

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
KEPT = 1024  # one a tenant, some 15 kB each: what is not kept is read again, and the fold waits for it


class PolicyStore(VersionedTopic[Policy | None]):
    """Looks policies up; None for a snapshot that is broken or from a later version of Tenor."""

    def __init__(self, settings: Settings, codec: Codec) -> None:
        self._codec = codec
        super().__init__(settings, settings.topics.name(Name.POLICY), self._policy, "policy", KEPT)

    def _policy(self, record: ConsumedRecord, version: str) -> Policy | None:
        try:
            return Policy(snapshot_in(record, self._codec, version), version)
        except (Rejected, SnapshotError) as error:
            metrics.SNAPSHOTS_REFUSED.inc()
            place = {"topic": record.topic, "offset": record.offset, "version": version}
            log.error("policy snapshot cannot be used; the last good one stays in force", why=str(error), **place)
            return None


def snapshot_in(record: ConsumedRecord, codec: Codec, version: str) -> Snapshot:
    """The snapshot in a record; ``Rejected`` or ``SnapshotError`` where there is none under this version."""
    datum = codec.decode(SNAPSHOT, record.value, {})
    if datum["policy_version"] != version:
        raise SnapshotError(f"it holds {datum['policy_version']}")
    return from_record(datum)


def usable(settings: Settings, codec: Codec) -> Iterator[tuple[str, Snapshot, ConsumedRecord]]:
    """Every snapshot that can be used, its version and its record, in the order of the log; the others are named."""
    for one in topic_reader.read(settings, [settings.topics.name(Name.POLICY)]):
        version = (one.key or b"").decode(errors="replace")
        if one.value is None:
            continue  # removed, since nothing names it any more
        try:
            yield version, snapshot_in(one, codec, version), one
        except (Rejected, SnapshotError) as error:
            log.warning("policy snapshot cannot be used", version=version, offset=one.offset, why=str(error))
