"""Clocks that differ, told apart from those that agree."""

from agents.clickhouse.client import connect
from agents.common.clock import now_ms
from agents.doctor.clocks import of_clickhouse, verdict
from agents.settings.model import Settings


def test_how_far_is_too_far() -> None:
    assert [verdict(skew) for skew in (-9e9, 0, 4_999, 5_001, 60_001)] == ["ok", "ok", "ok", "warning", "failed"]


def test_clickhouse_beside_ours(database: Settings) -> None:
    client = connect(database)
    assert of_clickhouse(client).verdict == "ok"
    behind = of_clickhouse(client, lambda: now_ms() + 30_000)
    assert (behind.verdict, behind.found) == ("warning", "ClickHouse's clock is 30.0 s behind ours")
    ahead = of_clickhouse(client, lambda: now_ms() - 3_600_000)
    assert (ahead.verdict, "3600.0 s ahead of ours" in ahead.found) == ("failed", True)
    assert "ntpd" in str(ahead.todo)
    client.disconnect()
