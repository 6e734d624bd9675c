"""Clocks: ours beside ClickHouse's, and beside the newest records on the bus.

Time in Tenor follows the newest event of a partition, so a clock that is ahead ends what is open beside it; one that is
behind is as good as late events. A broker does not tell its time: what can be seen is a record from the future.
"""

from collections.abc import Callable, Iterator

from clickhouse_driver import Client

from agents.common.clock import now_ms
from agents.doctor.broker import Cluster
from agents.doctor.check import Check, Verdict
from agents.doctor.tails import tail
from schemas.topics import INGESTED, Name

ABOUT = "clock"
WARN_MS, FAIL_MS = 5_000, 60_000
TODO = "have chrony or ntpd keep the clocks of all machines, then look again"

Clock = Callable[[], int]


def verdict(skew_ms: float) -> Verdict:
    return "failed" if skew_ms > FAIL_MS else "warning" if skew_ms > WARN_MS else "ok"


def of_clickhouse(client: Client, clock: Clock = now_ms) -> Check:
    """Our clock beside ClickHouse's. Half of the answer's time is taken for its way."""
    before = clock()
    theirs = client.execute("SELECT toUnixTimestamp64Milli(now64(3))")[0][0]
    skew = theirs - (before + clock()) / 2
    said = verdict(abs(skew))
    found = f"ClickHouse's clock is {abs(skew) / 1000:.1f} s {'ahead of' if skew > 0 else 'behind'} ours"
    return Check(
        ABOUT, said, "ClickHouse's clock agrees with ours" if said == "ok" else found, None if said == "ok" else TODO
    )


def of_topics(cluster: Cluster, clock: Clock = now_ms) -> Iterator[Check]:
    """Whether the newest records are from the future."""
    names = [cluster.settings.topics.name(name) for name in (*INGESTED, Name.SIGNALS)]
    ahead = [(at - clock(), topic) for topic, at in newest(cluster, names).items()]
    wrong = [(skew, topic) for skew, topic in ahead if verdict(skew) != "ok"]
    for skew, topic in wrong:
        what = (
            f"the newest record of {topic} is {skew / 1000:.0f} s ahead of our clock: its producer's, or ours, is wrong"
        )
        yield Check(ABOUT, verdict(skew), what, TODO)
    if not wrong:
        yield Check(ABOUT, "ok", "no record on the bus is from the future" if ahead else "no record on the bus yet")


def newest(cluster: Cluster, topics: list[str]) -> dict[str, int]:
    """Newest timestamp among the last records of each topic's partitions, milliseconds."""
    found: dict[str, int] = {}
    for one in tail(cluster, topics, 1):
        found[one.topic] = max(found.get(one.topic, 0), one.timestamp)
    return found
