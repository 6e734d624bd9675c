"""Clocks: this machine's compared with ClickHouse's, and with the newest records on the bus.

Time in Tenor follows the newest event of a partition, so a clock that is ahead closes conversations and windows too
early; events from a clock that is behind count as late. A broker does not report its time, so only records from the
future show that a clock is wrong.
"""

from collections.abc import Callable, Iterator

from clickhouse_driver import Client

from agents.common.clock import now_ms
from agents.doctor.broker import Cluster
from agents.doctor.check import Check, Verdict
from agents.doctor.tails import read_tail
from schemas.topics import INGESTED, Name

SUBJECT = "clock"
WARN_MS, FAIL_MS = 5_000, 60_000
TODO = "Synchronise the clocks of all machines with chrony or ntpd, then run the doctor again"

Clock = Callable[[], int]


def judge_skew(skew_ms: float) -> Verdict:
    return "failed" if skew_ms > FAIL_MS else "warning" if skew_ms > WARN_MS else "ok"


def check_clickhouse_clock(client: Client, clock: Clock = now_ms) -> Check:
    """This machine's clock compared with ClickHouse's; half of the response time is subtracted."""
    before = clock()
    server_ms = client.execute("SELECT toUnixTimestamp64Milli(now64(3))")[0][0]
    skew = server_ms - (before + clock()) / 2
    verdict = judge_skew(abs(skew))
    if verdict == "ok":
        return Check(SUBJECT, "ok", "ClickHouse's clock agrees with this machine's")
    direction = "ahead of" if skew > 0 else "behind"
    return Check(SUBJECT, verdict, f"ClickHouse's clock is {abs(skew) / 1000:.1f} s {direction} this machine's", TODO)


def check_topic_clocks(cluster: Cluster, clock: Clock = now_ms) -> Iterator[Check]:
    """Whether the newest records are from the future."""
    names = [cluster.settings.topics.name(name) for name in (*INGESTED, Name.SIGNALS)]
    skews = [(at - clock(), topic) for topic, at in newest_timestamps(cluster, names).items()]
    ahead = [(skew, topic) for skew, topic in skews if judge_skew(skew) != "ok"]
    for skew, topic in ahead:
        finding = (
            f"The newest record of {topic} is {skew / 1000:.0f} s in the future: "
            "the clock of its producer or of this machine is wrong"
        )
        yield Check(SUBJECT, judge_skew(skew), finding, TODO)
    if not ahead:
        yield Check(SUBJECT, "ok", "No record on the bus is from the future" if skews else "No record on the bus yet")


def newest_timestamps(cluster: Cluster, topics: list[str]) -> dict[str, int]:
    """Newest timestamp among the last records of each topic's partitions, milliseconds."""
    newest: dict[str, int] = {}
    for record in read_tail(cluster, topics, 1):
        newest[record.topic] = max(newest.get(record.topic, 0), record.timestamp)
    return newest
