"""State format: whether this version reads the newest states of every partition. Older ones are not checked."""

from collections.abc import Callable, Iterator

from agents.doctor.broker import Cluster
from agents.doctor.check import Check
from agents.doctor.tails import read_tail
from agents.kafka.consumed_record import ConsumedRecord
from streams import state
from streams.conversations.partition import OURS
from streams.customers import profile

SUBJECT = "state"
NEWEST = 20
Decode = Callable[[bytes], object]
TODO = "Run the version that wrote it; docs/doctor.md has the alternatives, under: A state of another format"


def check_state_format(cluster: Cluster) -> Iterator[Check]:
    """Whether the newest states and profiles can be read."""
    topics = cluster.settings.topics
    kinds: dict[str, tuple[str, Decode]] = {
        topics.changelog: ("state", state.decode),
        topics.profiles: ("profile", profile.read_learned_at),
    }
    records = [record for record in read_tail(cluster, kinds, NEWEST) if is_state(record)]
    results = [(record.topic, read_error(kinds[record.topic][1], record)) for record in records]
    errors = {topic: error for topic, error in results if error is not None}
    for topic, error in errors.items():
        yield Check(SUBJECT, "failed", f"A {kinds[topic][0]} in {topic}: {error.partition(': ')[0]}", TODO)
    if not errors:
        formats = f"formats {state.FORMAT} (state) and {profile.FORMAT} (profile)"
        finding = f"The newest {len(records)} can be read, {formats}" if records else f"None yet; {formats}"
        yield Check(SUBJECT, "ok", finding)


def is_state(record: ConsumedRecord) -> bool:
    """Whether it is neither a tombstone nor a partition's own bookkeeping."""
    return record.value is not None and (record.key or b"").decode(errors="replace") not in OURS


def read_error(decode: Decode, record: ConsumedRecord) -> str | None:
    """Why a state cannot be read; None where it can."""
    try:
        decode(record.value or b"")
    except (state.StateError, profile.ProfileError) as error:
        return str(error)
    return None
