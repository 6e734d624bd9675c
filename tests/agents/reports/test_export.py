"""Parquet files of every table: what another program reads out of them is what is in ClickHouse."""

import errno
import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from agents.clickhouse.client import connect
from agents.clickhouse.period import Period, columns_by_table, parse_period
from agents.common.errors import Failure
from agents.docgen.offline_pipeline import Records
from agents.reports.export import ExportedFile, export, write_failure
from agents.settings.model import Settings
from schemas.topics import Name
from tests.support.data.records import AT, decision, point
from tests.support.data.warehouse import DECISIONS, POINTS, insert
from tests.support.servers.shared_engines import ClickHousePorts

pytestmark = pytest.mark.integration

SPLIT = "2026-03-06T12:00:00Z"


@pytest.fixture
def reachable(migrated: Settings, clickhouse: ClickHousePorts) -> Settings:
    """Settings of a database of one's own, with HTTP."""
    return migrated.model_copy(update={"clickhouse_http_port": clickhouse.http_port})


def read(folder: Path, table: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = parquet.read_table(folder / f"{table}.parquet").to_pylist()
    return rows


def rows(done: Iterable[ExportedFile]) -> dict[str, int]:
    return {one.table: one.rows for one in done}


def test_every_table_is_a_file_and_every_row_is_in_it(
    warehouse: Settings, sample_records: Records, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "folder"
    done = rows(export(warehouse, folder, Period()))
    client = connect(warehouse)
    names = set(columns_by_table(client)) - {"migrations"}
    client.disconnect()
    assert {path.name for path in folder.iterdir()} == {f"{name}.parquet" for name in names} | {"manifest.json"}
    assert done.keys() == names
    told = json.loads((folder / "manifest.json").read_text())
    for name in names:
        content = (folder / f"{name}.parquet").read_bytes()
        assert told["tables"][name] == {
            "rows": len(read(folder, name)),
            "bytes": len(content),
            "sha256": sha256(content).hexdigest(),
        }
        assert done[name] == len(read(folder, name))
    assert done["trajectory_points"] == len(sample_records[Name.TRAJECTORIES])
    assert (done["dead_letters"], done["candidate_policies"]) == (5, 0), "an empty table has its columns all the same"
    assert "probabilities" in parquet.read_schema(folder / "candidate_policies.parquet").names
    by_id = {one["decision_id"]: one for one in sample_records[Name.DECISIONS]}
    for row in read(folder, "decisions"):
        recorded = by_id[row["decision_id"]]
        assert row["event_time"].timestamp() * 1000 == pytest.approx(recorded["event_time"], abs=0.01)
        assert dict(row["propensities"]) == {one["option"]: one["probability"] for one in recorded["propensities"]}
        assert (row["customer_id"], row["lottery"]) == (recorded["customer_id"], recorded["lottery"])


def test_two_periods_make_the_whole(warehouse: Settings, tmp_path: Path) -> None:
    whole = rows(export(warehouse, tmp_path, Period()))
    before = rows(export(warehouse, tmp_path, parse_period(None, SPLIT)))
    assert max(row["event_time"] for row in read(tmp_path, "trajectory_points")).isoformat() < SPLIT
    after = rows(export(warehouse, tmp_path, parse_period(SPLIT, None)))
    for name in ("trajectory_points", "decisions", "outcomes", "alerts", "ratings", "distal_outcomes"):
        assert 0 < before[name] < whole[name]
        assert before[name] + after[name] == whole[name]
    decided = {row["decision_id"] for row in read(tmp_path, "decisions")}
    assert {row["decision_id"] for row in read(tmp_path, "outcomes")} == decided, "an outcome is where its decision is"
    assert json.loads((tmp_path / "manifest.json").read_text())["since_ms"] == 1_772_798_400_000


def test_one_tenant_is_given_nothing_of_another(reachable: Settings, tmp_path: Path) -> None:
    for tenant in ("a'\\", "b"):
        insert(reachable, POINTS, [point(1, tenant=tenant)] * 2)
        insert(reachable, DECISIONS, [decision(1, tenant=tenant, decision_id=tenant)])
    done = rows(export(reachable, tmp_path, parse_period(None, None, "a'\\")))
    assert (done["trajectory_points"], done["decisions"]) == (1, 1), "each row once"
    assert "dead_letters" not in done
    assert [row["tenant"] for row in read(tmp_path, "decisions")] == ["a'\\"]


def test_nothing_yet(reachable: Settings, tmp_path: Path) -> None:
    done = rows(export(reachable, tmp_path, Period(since=AT)))
    assert set(done.values()) == {0}
    assert read(tmp_path, "outcomes") == []


def test_what_cannot_be_used_is_named(reachable: Settings, tmp_path: Path) -> None:
    changed = reachable.model_copy
    with pytest.raises(Failure, match="HTTP port") as caught:
        list(export(changed(update={"clickhouse_http_port": 0}), tmp_path, Period()))
    assert "TENOR_CLICKHOUSE_HTTP_PORT" in (caught.value.hint or "")
    with pytest.raises(Failure, match="TENOR_CLICKHOUSE_HTTP_PORT"):
        list(export(changed(update={"clickhouse_http_port": 1}), tmp_path, Period()))
    with pytest.raises(Failure, match="cannot be reached"):
        list(export(changed(update={"clickhouse_port": 1}), tmp_path, Period()))
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(Failure, match="cannot be written"):
        list(export(reachable, file, Period()))
    full = OSError(errno.ENOSPC, "No space left on device")
    assert "cannot be written: No space left" in write_failure(reachable, tmp_path, full).message
    assert [path.name for path in tmp_path.iterdir()] == ["file"], "nothing is left half written"
