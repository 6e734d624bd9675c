"""Clocks that agree, and clocks that differ too much."""

from agents.clickhouse.client import connect
from agents.common.clock import now_ms
from agents.doctor.clocks import check_clickhouse_clock, judge_skew
from agents.settings.model import Settings


def test_how_far_is_too_far() -> None:
    assert [judge_skew(skew) for skew in (-9e9, 0, 4_999, 5_001, 60_001)] == ["ok", "ok", "ok", "warning", "failed"]


def test_clickhouse_beside_ours(database: Settings) -> None:
    client = connect(database)
    assert check_clickhouse_clock(client).verdict == "ok"
    behind = check_clickhouse_clock(client, lambda: now_ms() + 30_000)
    assert (behind.verdict, behind.finding) == ("warning", "ClickHouse's clock is 30.0 s behind this machine's")
    ahead = check_clickhouse_clock(client, lambda: now_ms() - 3_600_000)
    assert (ahead.verdict, "3600.0 s ahead of this machine's" in ahead.finding) == ("failed", True)
    assert "ntpd" in str(ahead.todo)
    client.disconnect()
