"""States: of a format this version reads. The newest of every partition are looked at, not all of them."""

from collections.abc import Callable, Iterator

from agents import kafka, log_reader
from agents.doctor.broker import Cluster
from agents.doctor.check import Check
from agents.received import Received
from streams import profile, state
from streams.partition import OURS

ABOUT = "state"
NEWEST = 20
TODO = "run the version that wrote them; docs/doctor.md says how to go on, under: A state of another format"


def look(cluster: Cluster) -> Iterator[Check]:
    """Whether what was written last can be read."""
    topics, wrong, read = cluster.settings.topics, list[Check](), 0
    for topic, what, reads in ((topics.changelog, "state", state.decode), (topics.profiles, "profile", profile.at_of)):
        for record in newest(cluster, topic) if topic in cluster.metadata.topics else ():
            said = refusal(reads, record)
            read += said is None
            if said is not None:
                wrong.append(Check(ABOUT, "failed", f"a {what} in {topic}: {said.partition(': ')[0]}", TODO))
                break
    yield from wrong
    if not wrong:
        formats = f"formats {state.FORMAT} (state) and {profile.FORMAT} (profile)"
        yield Check(ABOUT, "ok", f"the newest {read} can be read, {formats}" if read else f"none yet; {formats}")


def newest(cluster: Cluster, topic: str) -> Iterator[Received]:
    """The last records of every partition, but those of the partition itself and those that end a key."""
    positions = kafka.partitions_of(cluster.settings, [topic])
    for position, end in kafka.end_offsets(cluster.settings, positions).items():
        for one in log_reader.read_partition(cluster.settings, position, end, max(0, end - NEWEST)):
            if one.value is not None and (one.key or b"").decode(errors="replace") not in OURS:
                yield one


def refusal(read: Callable[[bytes], object], record: Received) -> str | None:
    """Why a state is not read; None where it is."""
    try:
        read(record.value or b"")
    except (state.StateError, profile.ProfileError) as error:
        return str(error)
    return None
