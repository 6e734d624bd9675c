"""Migrations and connections against the real engine."""

import logging
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agents.clickhouse.client import connect
from agents.clickhouse.migrate import migrate, require_current
from agents.common.errors import Failure
from agents.embedded.clickhouse import ClickHouse
from agents.embedded.process import LOOPBACK, free_port
from agents.settings.model import Settings
from schemas.migrations import FOLDER, migrations
from tests.conftest import drop_database
from tests.support.servers.shared_engines import ClickHousePorts

pytestmark = pytest.mark.integration

NAMES = [migration.name for migration in migrations()]


def changed(settings: Settings, **values: Any) -> Settings:
    return settings.model_copy(update=values)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of our files that a test may change."""
    return Path(shutil.copytree(FOLDER, tmp_path / "files"))


def test_migrates_once(settings: Settings) -> None:
    assert migrate(settings) == NAMES
    assert migrate(settings) == []
    require_current(settings)


def test_every_column_table_and_view_has_a_comment(settings: Settings) -> None:
    migrate(settings)
    client = connect(settings)
    columns = client.execute("SELECT table, name, comment FROM system.columns WHERE database = currentDatabase()")
    tables = client.execute("SELECT name, comment FROM system.tables WHERE database = currentDatabase()")
    assert len(tables) >= 22
    assert len(columns) > 200
    assert [row for row in columns + tables if not row[-1].strip()] == []
    comments = {(table, name): comment for table, name, comment in columns}
    assert comments["trajectories", "level"] == comments["trajectory_points", "level"]


def test_every_view_answers_while_there_is_nothing(settings: Settings) -> None:
    migrate(settings)
    client = connect(settings)
    views = client.execute("SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'")
    for (view,) in views:
        assert client.execute(f"SELECT * FROM {view}") == []


def test_conversations_view_says_null_where_nothing_was_raised(settings: Settings) -> None:
    migrate(settings)
    client = connect(settings)
    rows = [("a", "quiet", 1, 0.1, False), ("b", "loud", 1, 0.2, False), ("c", "loud", 2, 0.6, True)]
    columns = "(point_id, conversation_id, turn, level, raised)"
    client.execute(f"INSERT INTO trajectory_points {columns} VALUES", rows)
    asked = "conversation_id, turns, last_level, ever_raised, first_raised_turn, isNull(first_raised_at)"
    answer = client.execute(f"SELECT {asked} FROM conversations ORDER BY conversation_id")
    assert answer == [("loud", 2, 0.6, True, 2, 0), ("quiet", 1, 0.1, False, None, 1)]


def test_a_row_of_long_ago_is_kept(settings: Settings) -> None:
    """A replay of an old recording must not vanish into the retention of events."""
    migrate(settings)
    client = connect(settings)
    client.execute("INSERT INTO trajectory_points (point_id, event_time) VALUES", [("a", 1_500_000_000_000)])
    client.execute("OPTIMIZE TABLE trajectory_points FINAL")
    assert client.execute("SELECT count() FROM trajectories") == [(1,)]


def test_two_at_once_do_no_harm(settings: Settings) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = [name for names in pool.map(migrate, [settings] * 4) for name in names]
    assert set(done) == set(NAMES)
    assert migrate(settings) == []
    assert connect(settings).execute("SELECT count() FROM migrations FINAL") == [(len(NAMES),)]


def test_a_changed_file_is_refused(settings: Settings, folder: Path) -> None:
    migrate(settings, folder)
    with (folder / NAMES[0]).open("a") as file:
        file.write("-- changed\n")
    with pytest.raises(Failure, match=f"{NAMES[0]} has changed"):
        migrate(settings, folder)


def test_a_newer_database_is_refused(settings: Settings, folder: Path) -> None:
    newer = folder / f"{len(NAMES) + 1:04d}_later.sql"
    newer.write_text("SELECT 1;")
    assert migrate(settings, folder) == [*NAMES, newer.name]
    with pytest.raises(Failure, match=f"newer Tenor.*{newer.name}"):
        migrate(settings)
    with pytest.raises(Failure, match="newer Tenor"):
        require_current(settings)


def test_a_file_that_failed_half_way_is_applied_again(settings: Settings, folder: Path) -> None:
    third = folder / f"{len(NAMES) + 1:04d}_third.sql"
    third.write_text("CREATE TABLE IF NOT EXISTS half (x UInt8) ENGINE = Memory; SELECT nonsense;")
    with pytest.raises(Failure, match="returned error code"):
        migrate(settings, folder)
    third.write_text("CREATE TABLE IF NOT EXISTS half (x UInt8) ENGINE = Memory; SELECT 1;")
    assert migrate(settings, folder) == [third.name]


def test_an_odd_database_name_is_no_injection(settings: Settings) -> None:
    odd = changed(settings, clickhouse_database=settings.clickhouse_database + "-`; DROP x")
    assert migrate(odd) == NAMES
    connect(odd).execute("SELECT * FROM trajectories")
    drop_database(odd)


def test_not_migrated_is_said(settings: Settings) -> None:
    with pytest.raises(Failure, match="TENOR_CLICKHOUSE_DATABASE") as caught:
        require_current(settings)
    assert "tenor migrate" in (caught.value.hint or "")
    connect(settings, "").execute(f"CREATE DATABASE {settings.clickhouse_database}")
    with pytest.raises(Failure, match="not up to date"):
        require_current(settings)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"clickhouse_port": 1}, "TENOR_CLICKHOUSE_PORT"),
        ({"clickhouse_host": "no-such-host.invalid"}, "TENOR_CLICKHOUSE_HOST"),
        ({"clickhouse_user": "nobody", "clickhouse_password": SecretStr("hunter2")}, "TENOR_CLICKHOUSE_USER"),
        ({"clickhouse_database": "no_such"}, "TENOR_CLICKHOUSE_DATABASE"),
        ({"clickhouse_secure": True}, "TENOR_CLICKHOUSE_SECURE"),
    ],
)
def test_connecting_says_what_to_check(
    settings: Settings, wrong: dict[str, Any], named: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = changed(settings, **{"clickhouse_database": "default", **wrong})
    with pytest.raises(Failure, match=named) as caught:
        connect(settings)
    assert caught.value.__suppress_context__
    assert "hunter2" not in str(caught.value)
    assert "\n" not in caught.value.message
    assert [r for r in caplog.records if r.name.startswith("clickhouse_driver")] == []


def test_http_port_instead_of_native(settings: Settings, clickhouse: ClickHousePorts) -> None:
    with pytest.raises(Failure, match="TENOR_CLICKHOUSE_PORT"):
        connect(changed(settings, clickhouse_port=clickhouse.http_port), "")


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[ClickHouse]:
    """A server with a password."""
    server = ClickHouse.start(free_port(), free_port(), tmp_path, password="right")
    yield server
    server.stop()


def test_passwords(settings: Settings, locked: ClickHouse) -> None:
    right = changed(
        settings,
        clickhouse_host=LOOPBACK,
        clickhouse_port=locked.tcp_port,
        clickhouse_user="tenor",
        clickhouse_password=SecretStr("right"),
    )
    assert migrate(right) == NAMES
    with pytest.raises(Failure, match="TENOR_CLICKHOUSE_PASSWORD"):
        connect(changed(right, clickhouse_password=SecretStr("wrong")))
    with pytest.raises(Failure, match="User default lacks a grant"):
        migrate(changed(right, clickhouse_user="default", clickhouse_password=SecretStr("")))
