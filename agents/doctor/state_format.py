"""States: of a format this version reads. The newest of every partition are looked at, not all of them."""

from collections.abc import Callable, Iterator

from agents.doctor.broker import Cluster
from agents.doctor.check import Check
from agents.doctor.tails import tail
from agents.kafka.consumed_record import ConsumedRecord
from streams import state
from streams.conversations.partition import OURS
from streams.customers import profile

ABOUT = "state"
NEWEST = 20
Read = Callable[[bytes], object]
TODO = "run the version that wrote them; docs/doctor.md says how to go on, under: A state of another format"


def look(cluster: Cluster) -> Iterator[Check]:
    """Whether what was written last can be read."""
    topics = cluster.settings.topics
    of: dict[str, tuple[str, Read]] = {
        topics.changelog: ("state", state.decode),
        topics.profiles: ("profile", profile.read_learned_at),
    }
    found = [one for one in tail(cluster, of, NEWEST) if is_state(one)]
    said = [(one.topic, refusal(of[one.topic][1], one)) for one in found]
    refused = {topic: why for topic, why in said if why is not None}
    for topic, why in refused.items():
        yield Check(ABOUT, "failed", f"a {of[topic][0]} in {topic}: {why.partition(': ')[0]}", TODO)
    if not refused:
        formats = f"formats {state.FORMAT} (state) and {profile.FORMAT} (profile)"
        yield Check(ABOUT, "ok", f"the newest {len(found)} can be read, {formats}" if found else f"none yet; {formats}")


def is_state(record: ConsumedRecord) -> bool:
    """Not the end of a key, and not what a partition notes for itself."""
    return record.value is not None and (record.key or b"").decode(errors="replace") not in OURS


def refusal(read: Read, record: ConsumedRecord) -> str | None:
    """Why a state is not read; None where it is."""
    try:
        read(record.value or b"")
    except (state.StateError, profile.ProfileError) as error:
        return str(error)
    return None
